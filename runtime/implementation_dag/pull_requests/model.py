"""What the decision is made of: the wish, the runs, what the forge says, the settings; and what may come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from implementation_dag.forge.model import Changes, PullRequest, Verdict

Forge = Literal["github", "gitea"]


class Kind(StrEnum):
    """What a run is for."""

    TEST = "test"
    END = "end"


class Cause(StrEnum):
    """Why a preview is taken away, or a run was stopped."""

    NONE = ""
    CLOSED = "closed"
    EXPIRED = "expired"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"


class RunPhase(StrEnum):
    """Where a run is. A run is claimed first (Starting), then its Workflow is made."""

    STARTING = "Starting"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    # Its Workflow was deleted before it ended.
    LOST = "Lost"


class Phase(StrEnum):
    """Where a Preview is."""

    WAITING = "Waiting"
    REFUSED = "Refused"
    QUEUED = "Queued"
    STARTING = "Starting"
    RUNNING = "Running"
    STOPPING = "Stopping"
    READY = "Ready"
    FAILED = "Failed"
    ENDING = "Ending"
    ENDED = "Ended"


@dataclass(frozen=True)
class Run:
    """One run as the Preview's status remembers it; times are RFC 3339 or empty."""

    name: str
    number: int
    kind: Kind
    phase: RunPhase = RunPhase.STARTING
    commit: str = ""
    retest: str = ""
    cause: Cause = Cause.NONE
    started: str = ""
    ended: str = ""
    told: str = ""
    claimed: str = ""
    # What its agents pushed: a head that is one of these is its own work.
    made: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether it has ended, whatever way."""
        return self.phase in (RunPhase.SUCCEEDED, RunPhase.FAILED, RunPhase.LOST)


@dataclass(frozen=True)
class Workflow:
    """A run's Workflow as the cluster has it now. `number` is 0 for one that a person submitted."""

    name: str
    number: int
    kind: Kind
    commit: str
    over: bool
    good: bool = False
    stopping: bool = False
    started: str = ""
    ended: str = ""
    url: str = ""
    made: tuple[str, ...] = ()
    # An agent that may push is at work: its commit may be the head before it is among what was made.
    writing: bool = False
    # The run of the same pull request whose end it waits for: Argo lets one of them go on.
    waits_for: str = ""


@dataclass(frozen=True)
class Command:
    """A comment to look at; `done` is None while nobody has looked."""

    done: bool | None = None
    why: str = ""
    answered: bool = False


@dataclass(frozen=True)
class Spec:
    """The wish."""

    owner: str
    repo: str
    number: int
    head: str = ""
    forge: str = ""
    author: str = ""
    fork: bool = False
    draft: bool = False
    pinned: bool = False
    expires: str = ""
    suspend: bool = False
    stop: str = ""
    retest: str = ""
    ok_to_test: str = ""
    commands: Mapping[str, Command] = field(default_factory=dict)
    commands_before: int = 0


@dataclass(frozen=True)
class Status:
    """What became of it."""

    pull_request: str = ""
    phase: str = ""
    message: str = ""
    run: Run | None = None
    history: tuple[Run, ...] = ()
    tested_commit: str = ""
    url: str = ""
    verdict: str = ""
    expires: str = ""
    place: int = 0
    # Since when it waits for its turn, empty: it does not.
    queued: str = ""
    told: str = ""
    # The news (labels.LOOK) up to which the forge was asked of a pull request that has ended.
    looked: str = ""
    conditions: tuple[tuple[str, bool, str], ...] = ()
    observed_generation: int = 0


@dataclass(frozen=True)
class Preview:
    """A Preview object. `version` is the one that it was read at: only onto that one is written."""

    name: str
    spec: Spec
    status: Status = Status()
    version: str = ""
    generation: int = 1
    # RFC 3339, or empty.
    created: str = ""


@dataclass(frozen=True)
class Seen:
    """What the forge said of the pull request when it was asked last; `files` is None where nobody asked."""

    pull_request: PullRequest
    files: Changes | None = None
    # When this head was seen first.
    since: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """Whether a run may begin now: `place` 0, or its place among those that wait, and in words why."""

    place: int = 0
    why: str = ""


@dataclass(frozen=True)
class Settings:
    """What values say. Names are those of `forge` in values.yaml."""

    kind: Literal["none", "github", "gitea"] = "none"
    labels: tuple[str, ...] = ()
    drafts: bool = False
    paths: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    ttl_hours: float = 24
    most_extend_hours: float = 168
    retry_seconds: float = 300
    # So long after a push a run whose agent is at work may be the one who pushed.
    own_push_seconds: float = 60


# What may be done. Each is safe to repeat; what was decided on an older Preview is refused by the API server.


@dataclass(frozen=True)
class Follow:
    """Write into the wish what the forge says."""

    spec: Mapping[str, Any]


@dataclass(frozen=True)
class SetStatus:
    """Write down where it stands. A run that was not in it is claimed by that."""

    status: Status


@dataclass(frozen=True)
class StartRun:
    """Make the Workflow of the claimed run."""

    run: Run


@dataclass(frozen=True)
class StopRun:
    """Stop a Workflow; its exit handler takes away what it made."""

    workflow: str
    cause: Cause


Action = Follow | SetStatus | StartRun | StopRun
VERDICTS = frozenset(verdict.value for verdict in Verdict)
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
