"""What can go wrong in the demo."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class DemoError(CommandError):
    """The demo cannot go on; the message says why and what to do."""


class NotStarted(DemoError):
    """The demo may not begin: nothing was done, so there is nothing to look into."""
