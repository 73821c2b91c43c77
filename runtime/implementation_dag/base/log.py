"""Log lines of a step: elapsed time and words, safe to print whatever they quote."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from pathlib import Path

# The kubelet keeps 4096 bytes of it.
TERMINATION_LOG = Path("/dev/termination-log")
TERMINATION_LIMIT = 1000
_START = time.monotonic()
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` with control characters, direction marks and surrogates escaped; tabs and line feeds stay.

    A lone surrogate is a byte that is no UTF-8, or what JSON may say and no stream and no API takes.
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def say(message: str) -> None:
    """Print a line with the seconds since the step began."""
    print(f"{time.monotonic() - _START:7.1f}s  {clean(message)}", flush=True)


def fail(message: str) -> None:
    """Print an error to stderr, and leave it where the kubelet looks: it becomes the message of the Argo node."""
    text = clean(message)
    print(f"error: {text}", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        TERMINATION_LOG.write_text(text[:TERMINATION_LIMIT])
