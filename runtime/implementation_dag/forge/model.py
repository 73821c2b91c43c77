"""What a forge says of pull requests, in one vocabulary. All text of it comes from outside and is hostile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


@dataclass(frozen=True)
class PullRequest:
    """A pull request as the forge says it is now.

    `owner` and `repo` are the forge's own names of its base, which may not be those that it was asked by: forges ignore
    case, and lead from a repository's old name to its new one. A `bot` is an author that the forge calls so.
    `head` is the commit of its head, 40 hex digits, `branch` that head's branch in its own repository, `base` the
    branch that it would go to, `updated` and `created` are RFC 3339 times. A `fork` is one whose head lies in another
    repository.
    """

    owner: str
    repo: str
    number: int
    head: str
    branch: str
    base: str
    author: str
    open: bool
    bot: bool = False
    merged: bool = False
    fork: bool = False
    draft: bool = False
    labels: frozenset[str] = frozenset()
    title: str = ""
    updated: str = ""
    created: str = ""


@dataclass(frozen=True)
class Listing:
    """All open pull requests of one repository.

    `complete` is false where a page is missing: what is not in it proves nothing.
    `tag` is the answer's ETag, for the next conditional request.
    """

    pull_requests: tuple[PullRequest, ...]
    complete: bool
    tag: str = ""


@dataclass(frozen=True)
class Changes:
    """The paths that a pull request changes, of what it moves both; not `complete` where the forge lists no more."""

    paths: tuple[str, ...]
    complete: bool = True


class Permission(IntEnum):
    """What a user may do in a repository; each includes those below it."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


@dataclass(frozen=True)
class Comment:
    """A comment on the pull request `number`; `written` is an RFC 3339 time."""

    id: int
    number: int
    author: str
    body: str
    written: str = ""
    # Changed after it was written.
    edited: bool = False


class State(StrEnum):
    """Where a stage is."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    OMITTED = "omitted"


@dataclass(frozen=True)
class Annotation:
    """One finding at a place of the repository's files; `line` counts from 1."""

    path: str
    line: int
    message: str


@dataclass(frozen=True)
class Stage:
    """A stage of a run, as people are told of it; times are RFC 3339 or empty, `evidence` an address or empty."""

    name: str
    state: State
    sentence: str = ""
    started: str = ""
    ended: str = ""
    evidence: str = ""
    annotations: tuple[Annotation, ...] = ()


class Verdict(StrEnum):
    """How a run stands or ended."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    REFUSED = "refused"


@dataclass(frozen=True)
class Report:
    """All that the forge is told of one run, made anew from the cluster's state each time: telling it twice is safe.

    `commit` is the tested commit, 40 hex digits; `run` the Workflow's name, empty before there is one; `reason` one
    sentence, where it failed or may not run; `preview` the preview's address while it is up, else empty; `page`,
    `evidence` and `runs` lead to the run's report, to the index of its evidence and to the page of all runs; `figures`
    are names and texts for people (acceptance), `cost` is a text, empty without prices; `expires` an RFC 3339 time or
    empty.
    """

    owner: str
    repo: str
    number: int
    commit: str
    verdict: Verdict
    run: str = ""
    reason: str = ""
    stages: tuple[Stage, ...] = ()
    preview: str = ""
    expires: str = ""
    evidence: str = ""
    page: str = ""
    runs: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    cost: str = ""
