"""What waits for the provisioner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from implementation_dag.base.errors import StepError

# The last line of the log that is about a node.
ANSWERED = "answered: "


class Unwanted(Exception):
    """The node waits no more: its run was stopped or deleted, or another has answered it."""


class Unreadable(StepError):
    """The nodes of a run cannot be read, so none of them can be answered."""


@dataclass(frozen=True)
class Waiting:
    """One node that waits: which step it is of which run, since when, and what Argo says that it was given."""

    workflow: str
    uid: str
    node: str
    step: str
    since: datetime
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """What people call it."""
        return f"{self.workflow}/{self.step}"
