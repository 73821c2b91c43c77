"""Errors that end a step with one readable line instead of a traceback."""

from __future__ import annotations


class StepError(Exception):
    """A step cannot go on; the text says what is wrong and what to do about it."""


class ArgumentError(StepError):
    """A workflow argument is not acceptable; the text names parameter, value and what is allowed."""
