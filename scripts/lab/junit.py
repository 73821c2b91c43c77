"""What tests noted in their reports: properties of JUnit's cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass
class Noted:
    """How many tests there were and how many failed, and each value of a name, in the reports' order."""

    tests: int = 0
    failed: int = 0
    values: dict[str, list[str]] = field(default_factory=dict)
    # The same by case; of a name that a case notes twice the last value.
    cases: list[dict[str, str]] = field(default_factory=list)


def read(reports: Iterable[Path]) -> Noted:
    """Return what stands in the reports, of pytest's family xunit1."""
    found = Noted()
    for report in reports:
        root = ElementTree.parse(report).getroot()  # noqa: S314
        for suite in root.iter("testsuite"):
            found.tests += int(suite.get("tests", "0"))
            found.failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        for one in root.iter("property"):
            found.values.setdefault(str(one.get("name")), []).append(str(one.get("value")))
        for case in root.iter("testcase"):
            found.cases.append({str(one.get("name")): str(one.get("value")) for one in case.iter("property")})
    return found
