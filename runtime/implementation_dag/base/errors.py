"""The one base of what a person is told instead of a traceback, and what ends a step."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot go on; the text says why and what to do about it."""


class StepError(CommandError):
    """A step cannot go on; the text says what is wrong and what to do about it."""


class ArgumentError(StepError):
    """A workflow argument is not acceptable; the text names parameter, value and what is allowed."""
