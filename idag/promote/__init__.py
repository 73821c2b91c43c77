"""Promote what was tested in one environment to the next, as a commit on a branch that people merge."""

from idag.promote.errors import PromoteError

__all__ = ["PromoteError"]
