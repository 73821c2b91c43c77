"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
