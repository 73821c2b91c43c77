"""Whose turn it is: repositories in turn, first come, first served within each, within the limits. Pure.

- A repository starts one run, then the others do: many pull requests of one hold up nobody else's.
- /retest counts as if it had been asked for earlier, by a bounded time: it overtakes what came shortly before it, and
  nothing waits for ever.
- A pull request counts once, however many Workflows it has: of those one goes on, the others wait for its end.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from implementation_dag.base import moments

from . import runs
from .model import Kind, Phase, Preview, RunPhase, Turn

# So much earlier a /retest counts.
AHEAD = timedelta(minutes=10)
NOW = Turn()


@dataclass(frozen=True)
class Limits:
    """How many may be there at once; 0 is no limit. `takes` says in words what each preview takes of the capacity."""

    runs: int = 0
    each: int = 0
    previews: int = 0
    takes: str = ""

    @property
    def any(self) -> bool:
        """Whether anybody may have to wait."""
        return bool(self.runs or self.each or self.previews)


@dataclass(frozen=True)
class Entry:
    """What counts of one pull request: whether a run of it lives or is claimed, and whether its preview is there."""

    name: str
    repository: str
    runs: bool = False
    holds: bool = False
    # Since when it waits for its turn, as far as others are concerned; None: it does not.
    since: datetime | None = None
    # When a run of it was claimed last, empty: never.
    served: str = ""


def entry(preview: Preview, live: bool, since: datetime | None = None) -> Entry:
    """Return what counts of a Preview; `live` says whether a run of the pipeline lives, `since` that it waits now."""
    spec, run = preview.spec, preview.status.run
    test = runs.newest_test(run, preview.status.history)
    claimed = run is not None and run.kind == Kind.TEST and run.phase == RunPhase.STARTING
    # What a good run made, until it is taken away; a run that failed did that itself. Whether it was good may not be
    # written down yet.
    gone = run is not None and run.kind == Kind.END and run.phase == RunPhase.SUCCEEDED
    there = test is not None and test.phase not in (RunPhase.FAILED, RunPhase.LOST) and not gone
    if preview.status.phase == Phase.QUEUED and preview.status.queued and not live:
        since = moments.read(preview.status.queued)
    again = test is not None and spec.head in (test.commit, *test.made) and test.retest != spec.retest
    return Entry(
        preview.name,
        f"{spec.owner}/{spec.repo}".lower(),
        runs=live or claimed,
        holds=live or claimed or there,
        since=since - AHEAD if since and again else since,
        served=test.claimed if test else "",
    )


def turns(entries: Iterable[Entry], limits: Limits) -> Mapping[str, Turn]:
    """Return whose turn it is, for each that waits. What its own repository's limit holds up holds up nobody else."""
    state = _State(limits)
    rows: dict[str, list[Entry]] = {}
    served: dict[str, str] = {}
    for each in entries:
        state.count(each)
        served[each.repository] = max(served.get(each.repository, ""), each.served)
        if each.since:
            rows.setdefault(each.repository, []).append(each)
    found: dict[str, Turn] = {}
    place = 0
    for each in _in_turn(rows, served):
        why = state.full(each)
        if not why:
            state.count(Entry(each.name, each.repository, runs=True, holds=not each.holds))
        place += bool(why)
        found[each.name] = Turn(place, why) if why else NOW
    return found


@dataclass
class _State:
    """What is there already, and what was given in this round."""

    limits: Limits
    running: Counter[str] = field(default_factory=Counter)
    held: int = 0

    def count(self, each: Entry) -> None:
        """Take in what is there."""
        self.running[each.repository] += each.runs
        self.held += each.holds

    def full(self, each: Entry) -> str:
        """Return why it has to wait, or nothing."""
        limits = self.limits
        if limits.each and self.running[each.repository] >= limits.each:
            return f"{_taken(limits.each)} of {each.repository}"
        if limits.runs and self.running.total() >= limits.runs:
            return _taken(limits.runs)
        if limits.previews and not each.holds and self.held >= limits.previews:
            return f"no capacity is free: {self.held} previews are there, {limits.takes}"
        return ""


def _taken(limit: int) -> str:
    return "the one run that may live does" if limit == 1 else f"the {limit} runs that may live do"


def _in_turn(rows: Mapping[str, Sequence[Entry]], served: Mapping[str, str]) -> Iterable[Entry]:
    """Give one of each repository, then the next of each; whose last run is longest ago comes first."""
    queues = {repository: sorted(row, key=_first) for repository, row in rows.items()}
    heap = [(0, served[repository], _first(row[0]), repository) for repository, row in queues.items()]
    heapq.heapify(heap)
    while heap:
        number, last, first, repository = heapq.heappop(heap)
        yield queues[repository][number]
        if number + 1 < len(queues[repository]):
            heapq.heappush(heap, (number + 1, last, first, repository))


def _first(each: Entry) -> tuple[datetime, str]:
    return each.since or datetime.max, each.name
