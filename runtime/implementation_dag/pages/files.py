"""Evidence as it is read for a page: plain files, a bounded part of each, whatever is in them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

Object = dict[str, Any]
DOCUMENT_LIMIT = 4 * 1024 * 1024
LINE_LIMIT = 64 * 1024


def content(file: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a plain file; nothing where there is none."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            return stream.read(limit)
    except OSError:
        return b""


def text(file: Path, limit: int) -> str:
    """Return the beginning of a text; what is no UTF-8 is replaced."""
    found = content(file, limit + 1)
    return found[:limit].decode(errors="replace") + ("\n… cut" if len(found) > limit else "")


def document(file: Path) -> Object:
    """Return a JSON object; an empty one where there is none."""
    found = _object(content(file, DOCUMENT_LIMIT))
    return found or {}


def lines(file: Path, most: int) -> Iterator[Object]:
    """Yield the JSON objects of the first `most` lines."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            for line in islice(iter(lambda: stream.readline(LINE_LIMIT), b""), most):
                if found := _object(line):
                    yield found
    except OSError:
        return


def _object(said: bytes) -> Object | None:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def number(value: object) -> float | None:
    """Return a finite number that JSON held; None for anything else."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if fits and isinstance(value, int | float) else None


def word(value: object) -> str:
    """Return a text that JSON held; nothing for anything else."""
    return value if isinstance(value, str) else ""
