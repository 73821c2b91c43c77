"""What an agent found, at places of the repository's files: ruff's violations, failures of tests in JUnit's words.

All of it was written by what ran in the box.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from .evidence import apart

Row = tuple[str, int, str]
SIZE_LIMIT = 4 * 1024 * 1024
REPORT, TESTS = "report.json", "test-results.xml"
# Where pytest's JUnit says no file, the class has the module's name.
_ENDING = ".py"


def of(folder: Path) -> list[Row]:
    """Return path, line and message of each finding in a stage's evidence."""
    return [*remaining(folder / REPORT), *failures(apart(folder, TESTS) or folder / TESTS)]


def remaining(file: Path) -> Iterator[Row]:
    """Yield what clippy's report says remains; nothing where it is no such report."""
    try:
        found: Any = json.loads(_content(file))["remaining"]
        rows = [(one["file"], one["line"], f"{one['code']} {one['message']}") for one in found]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    yield from (row for row in rows if _right(*row))


def failures(file: Path) -> Iterator[Row]:
    """Yield the tests of a JUnit file that failed; none where it is no such file."""
    try:
        root = ElementTree.fromstring(_content(file))  # noqa: S314
    except (OSError, ValueError, ElementTree.ParseError):
        return
    for case in root.iter("testcase"):
        for failure in (*case.findall("failure"), *case.findall("error")):
            path = case.get("file") or case.get("classname", "").replace(".", "/") + _ENDING
            line = case.get("line", "1")
            words = f"{case.get('name')}: {failure.get('message') or (failure.text or '').strip()}"
            row = (path, int(line) if line.isascii() and line.isdigit() else 1, words.splitlines()[0])
            if _right(*row):
                yield row


def _content(file: Path) -> bytes:
    """The content of a plain file. Raises OSError, ValueError where it is too long."""
    # The agent's tree could have had a link here.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
        content = stream.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise ValueError("too long")
    return content


def _right(path: object, line: object, message: object) -> bool:
    """Whether it is a place within the repository."""
    if not (isinstance(path, str) and type(line) is int and isinstance(message, str)):
        return False
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and 0 < line < 10**9
