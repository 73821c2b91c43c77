"""What stops the acceptance test from running at all (exit code 1, where thresholds not met give 2)."""

from __future__ import annotations

from implementation_dag.base.errors import StepError


class AcceptanceError(StepError):
    """The test cannot run; the message says which input is wrong and what is allowed, or what to do."""


def bad_value(name: str, value: object, allowed: str) -> AcceptanceError:
    """Return the error for input `name` holding `value`, where `allowed` describes what may stand there."""
    return AcceptanceError(f"{name} is {value!r}: it must be {allowed}")
