"""What the reaper knows of the cluster, and what may come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of what the reaper may take away."""

    NAMESPACE = "Namespace"
    DOCSRUN = "DocsRun"
    AGENTRUN = "AgentRun"
    JOB = "Job"
    ACCOUNT = "ServiceAccount"
    POD = "Pod"


@dataclass(frozen=True)
class Owner:
    """One owner reference."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True)
class Thing:
    """One object, as it was read: only onto that version is anything done."""

    kind: Kind
    name: str
    uid: str
    version: str
    created: datetime
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[Owner, ...] = ()
    finalizers: tuple[str, ...] = ()
    # When it has to be gone: a deletion's own moment, a pod's grace included.
    deleted: datetime | None = None
    # Of a pod or a DocsRun: where it is.
    phase: str = ""
    # Of a namespace that goes: what the cluster says that it waits for.
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """A run's Workflow; `pull_request` is the name of its Preview, empty where it is over or says none."""

    name: str
    uid: str
    over: bool
    phase: str = ""
    pull_request: str = ""


@dataclass(frozen=True)
class Preview:
    """A Preview: its wish, the runs that it judges good and bad, and since when and why nobody wants its preview."""

    name: str
    pinned: bool = False
    expires: str = ""
    good: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    unwanted: datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Known:
    """Everything, read in an order in which an owner is read after what it owns."""

    namespaces: tuple[Thing, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    previews: tuple[Preview, ...] = ()
    docsruns: tuple[Thing, ...] = ()
    agentruns: tuple[Thing, ...] = ()
    jobs: tuple[Thing, ...] = ()
    accounts: tuple[Thing, ...] = ()
    pods: tuple[Thing, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What values say: the release, how long a reason must hold, and where things are."""

    release: str
    namespace: str
    grace_seconds: float = 120
    # Whether previews are namespaces that may be deleted; else they were made beforehand, and stay.
    cluster_scoped: bool = True


@dataclass(frozen=True)
class Reason:
    """Why nobody wants a thing; `since` where the thing itself says it, else it holds from when it was seen first."""

    words: str
    since: datetime | None = None


class How(StrEnum):
    """Ways in which a thing goes."""

    DELETE = "delete"
    # At once, since it had its grace.
    KILL = "kill"
    # Of a preview that was made beforehand: the release in it.
    UNINSTALL = "uninstall the release of"


@dataclass(frozen=True)
class Doomed:
    """A thing that is to go now: how, and in words why."""

    thing: Thing
    words: str
    how: How = How.DELETE
    # Nothing said beforehand that it has to go by now: whoever should have taken it away did not.
    leaked: bool = False


@dataclass(frozen=True)
class Decision:
    """What goes now, what goes when its reason has held for the grace, and namespaces that take too long to go."""

    doomed: tuple[Doomed, ...] = ()
    waiting: tuple[Doomed, ...] = ()
    # Since when these have their reason, by uid: the next decision goes by it.
    since: Mapping[str, datetime] = field(default_factory=dict)
    stuck: tuple[Thing, ...] = ()
