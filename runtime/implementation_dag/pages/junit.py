"""Tests as JUnit's XML tells them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from . import files

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_TAGS = {"failure": FAILED, "error": FAILED, "skipped": SKIPPED}
_ORDER = (FAILED, SKIPPED, PASSED)


@dataclass(frozen=True)
class Case:
    """One test, `seconds` None where that is not told."""

    name: str
    result: str
    seconds: float | None
    words: str


@dataclass(frozen=True)
class Tests:
    """All tests, the failed ones first."""

    cases: tuple[Case, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many there are of each result."""
        return Counter(case.result for case in self.cases)


def read(file: Path) -> Tests:
    """Return the tests of a JUnit file; none where it is no such file."""
    try:
        root = ElementTree.fromstring(files.content(file, files.DOCUMENT_LIMIT))  # noqa: S314
    except (ValueError, ElementTree.ParseError):
        return Tests(())
    cases = [_case(found) for found in root.iter("testcase")]
    return Tests(tuple(sorted(cases, key=lambda case: _ORDER.index(case.result))))


def _case(found: ElementTree.Element) -> Case:
    name = "::".join(filter(None, (found.get("classname"), found.get("name"))))
    told = next((child for child in found if child.tag in _TAGS), None)
    try:
        seconds = files.number(float(found.get("time", "")))
    except ValueError:
        seconds = None
    if told is None:
        return Case(name, PASSED, seconds, "")
    return Case(name, _TAGS[told.tag], seconds, (told.text or "").strip() or told.get("message", ""))
