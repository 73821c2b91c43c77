"""Log lines of a step: elapsed time and words, safe to print whatever they quote."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

# The kubelet keeps 4096 bytes of it.
TERMINATION_LOG = Path("/dev/termination-log")
TERMINATION_LIMIT = 1000
# What the lines of this thread are about, and the moment from which they count: one process may do many steps.
_ABOUT: ContextVar[tuple[str, float]] = ContextVar("about", default=("", time.monotonic()))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` with control characters, direction marks and surrogates escaped; tabs and line feeds stay.

    A lone surrogate is a byte that is no UTF-8, or what JSON may say and no stream and no API takes.
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


@contextlib.contextmanager
def about(what: str) -> Iterator[None]:
    """Begin each line of this thread with `what`; its seconds count from now."""
    token = _ABOUT.set((what, time.monotonic()))
    try:
        yield
    finally:
        _ABOUT.reset(token)


def say(message: str) -> None:
    """Print a line with the seconds since the step began; of several lines each says what it is about."""
    what, start = _ABOUT.get()
    begin = f"{what and f'{what} '}{time.monotonic() - start:7.1f}s  "
    lines = clean(message).splitlines() if what else [clean(message)]
    # One write: other threads print too.
    print("".join(f"{begin}{line}\n" for line in lines), end="", flush=True)


def fail(message: str) -> None:
    """Print an error to stderr, and leave it where the kubelet looks: it becomes the message of the Argo node."""
    text = clean(message)
    print(f"error: {text}", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        TERMINATION_LOG.write_text(text[:TERMINATION_LIMIT])
