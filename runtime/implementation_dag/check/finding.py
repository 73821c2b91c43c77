"""What a check found: the lines of `helm test` and of the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from implementation_dag.base.log import clean


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Finding:
    """One line of the report; `remedy` says what to do, empty when all is well."""

    level: Level
    subject: str
    message: str
    remedy: str = ""


def ok(subject: str, message: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, subject, message)


def problem(subject: str, message: str, remedy: str) -> Finding:
    """The pipeline cannot work like this."""
    return Finding(Level.PROBLEM, subject, message, remedy)


def unknown(subject: str, message: str, remedy: str) -> Finding:
    """It cannot be seen from here."""
    return Finding(Level.UNKNOWN, subject, message, remedy)


def report(findings: Iterable[Finding]) -> int:
    """Print one line a finding, with what to do below it; return how many are problems."""
    problems = 0
    for finding in findings:
        print(f"  {finding.level:<12} {clean(finding.subject)}: {clean(finding.message)}", flush=True)
        if finding.remedy:
            print(f"  {'':<12} → {clean(finding.remedy)}", flush=True)
        problems += finding.level == Level.PROBLEM
    print(f"{problems} problem{'s' if problems > 1 else ''}" if problems else "nothing stands in the way", flush=True)
    return problems
