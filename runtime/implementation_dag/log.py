"""Log lines of a step: elapsed time and words, safe to print whatever they quote."""

from __future__ import annotations

import re
import sys
import time

_START = time.monotonic()
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return `text` with control characters and direction overrides escaped; tabs and line feeds stay."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def say(message: str) -> None:
    """Print a line with the seconds since the step began."""
    print(f"{time.monotonic() - _START:7.1f}s  {clean(message)}", flush=True)


def fail(message: str) -> None:
    """Print an error to stderr, where Argo and kubectl logs show it last."""
    print(f"error: {clean(message)}", file=sys.stderr, flush=True)
