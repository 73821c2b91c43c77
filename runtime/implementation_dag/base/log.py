"""Log lines of steps and processes, safe to print whatever they quote: words for people, or JSON for machines."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

# The kubelet keeps 4096 bytes of it.
TERMINATION_LOG = Path("/dev/termination-log")
TERMINATION_LIMIT = 1000
# Variable that says how lines are written: as `json`, or else as text.
FORMAT, JSON = "LOG_FORMAT", "json"
# What the lines of this thread are about: run, stage, repo, pr, trace. Only JSON says it in each line.
_ABOUT: ContextVar[dict[str, str]] = ContextVar("about")
# How lines of words begin where a process does many steps, and the moment from which they count.
_STEP: ContextVar[tuple[str, float]] = ContextVar("step", default=("", time.monotonic()))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` with control characters, direction marks and surrogates escaped; tabs and line feeds stay.

    A lone surrogate is a byte that is no UTF-8, or what JSON may say and no stream and no API takes.
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def trace(uid: str) -> str:
    """Return the id of a run's trace: the uid of its Workflow without the dashes."""
    return uid.replace("-", "")


def know(**fields: str) -> None:
    """Let the lines of this thread say what they are about, from now on; what is empty is not said."""
    _ABOUT.set(_ABOUT.get({}) | fields)


@contextlib.contextmanager
def about(**fields: str) -> Iterator[None]:
    """Let the lines of a block say what they are about."""
    token = _ABOUT.set(_ABOUT.get({}) | fields)
    try:
        yield
    finally:
        _ABOUT.reset(token)


@contextlib.contextmanager
def step(run: str, stage: str, **fields: str) -> Iterator[None]:
    """Let the lines of a block be those of a step: they say which, and its seconds count from now."""
    token = _STEP.set((f"{run}/{stage} ", time.monotonic()))
    try:
        with about(run=run, stage=stage, **fields):
            yield
    finally:
        _STEP.reset(token)


def of_step(line: str, run: str, stage: str) -> str | None:
    """Return a line of a process that does many steps, without its beginning; None where it is of another step."""
    begin = f"{run}/{stage} "
    if line.startswith(begin):
        return line.removeprefix(begin)
    with contextlib.suppress(ValueError, AttributeError):
        read = json.loads(line)
        if (read.get("run"), read.get("stage")) == (run, stage):
            return line
    return None


def say(message: str) -> None:
    """Print a line with the seconds since the step began; of several lines each says of which step it is."""
    if _as_json():
        print(f"{_line('info', message)}\n", end="", flush=True)
        return
    what, start = _STEP.get()
    begin = f"{what}{time.monotonic() - start:7.1f}s  "
    lines = clean(message).splitlines() if what else [clean(message)]
    # One write: other threads print too.
    print("".join(f"{begin}{line}\n" for line in lines), end="", flush=True)


def fail(message: str) -> None:
    """Print an error to stderr, and leave it where the kubelet looks: it becomes the message of the Argo node."""
    text = clean(message)
    print(_line("error", text) if _as_json() else f"error: {text}", file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        TERMINATION_LOG.write_text(text[:TERMINATION_LIMIT])


class Lines(logging.Formatter):
    """What a process logs, as the lines of steps are."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and in it the traceback of a fault."""
        fault = self.formatException(record.exc_info) if record.exc_info else ""
        return _line(record.levelname.lower(), record.getMessage(), logger=record.name, fault=fault)


def settle() -> None:
    """Let what was set up of `logging` write as it was asked for."""
    if _as_json():
        for handler in logging.getLogger().handlers:
            handler.setFormatter(Lines())


def _as_json() -> bool:
    return os.environ.get(FORMAT) == JSON


def _line(level: str, message: str, **more: str) -> str:
    fields = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "message": message}
    said = fields | more | _ABOUT.get({})
    return json.dumps({name: clean(text) for name, text in said.items() if text}, ensure_ascii=False)
