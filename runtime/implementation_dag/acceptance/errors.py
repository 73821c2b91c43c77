"""What stops the acceptance test from running at all (exit code 1), as against thresholds not met (exit code 2)."""

from __future__ import annotations


class AcceptanceError(Exception):
    """The test cannot run; the message says which input is wrong and what is allowed, or what to do."""


def bad_value(name: str, value: object, allowed: str) -> AcceptanceError:
    """Return the error for input `name` holding `value`, where `allowed` describes what may stand there."""
    return AcceptanceError(f"{name} is {value!r}: it must be {allowed}")
