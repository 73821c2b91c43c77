"""What can go wrong in the lab: the cluster, the images, the stand and the demo."""

from __future__ import annotations

from implementation_dag.base.errors import CommandError


class LabError(CommandError):
    """It cannot go on; the message says why and what to do."""


class NotStarted(LabError):
    """The demo may not begin: nothing was done, so there is nothing to look into."""
