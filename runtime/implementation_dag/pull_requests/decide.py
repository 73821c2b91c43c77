"""What is to be done for a pull request now. Pure: what forge and cluster say goes in, actions come out.

- Lost, doubled, late and reordered events do not matter: nothing is asked of what happened, only of what is.
- A run is claimed in the Preview's status before its Workflow is made, and only while no other lives; its name holds
  its number. So of two controllers, or one that was killed in between, none starts a second.
- A preview is taken away on proof alone: the forge says that the pull request is closed, its time is over, somebody
  who may do so stopped it. A forge that does not answer proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from implementation_dag.base import moments
from implementation_dag.contract import labels, names
from implementation_dag.forge.model import Verdict

from . import gates, runs
from .model import (
    Action,
    Cause,
    Follow,
    Kind,
    Phase,
    Preview,
    Run,
    RunPhase,
    Seen,
    SetStatus,
    Settings,
    Spec,
    StartRun,
    Status,
    StopRun,
    Turn,
    Workflow,
)

MESSAGE_LIMIT = 1000
# A webhook, or the poll, mostly tells of a pull request before that.
LATE = timedelta(minutes=5)
NUMBERS_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NOW = Turn()


@dataclass(frozen=True)
class Wanted:
    """What should be: the head run (`test`), the preview gone (`cause`), or neither, and in words why."""

    test: bool = False
    cause: Cause = Cause.NONE
    why: str = ""
    # A gate is shut: people are told.
    refused: bool = False


def decide(
    seen: Seen | None,
    preview: Preview,
    workflows: Sequence[Workflow],
    settings: Settings,
    now: datetime,
    turn: Turn = NOW,
) -> tuple[Action, ...]:
    """Return what is to be done, in this order; nothing when all is as it should be.

    `seen` is None where the forge has not answered. `turn` says whether a run of the pipeline may be claimed.
    """
    spec, status = preview.spec, preview.status
    expected = names.pull_request(spec.owner, spec.repo, spec.number)
    if preview.name != expected:
        words = f"a Preview of this pull request must be named {expected}: nothing is done"
        return _written(preview, replace(status, phase=Phase.REFUSED, message=words))
    if seen is None and _rests(preview, workflows):
        return ()
    if changes := follow(preview, seen, settings):
        return (Follow(changes),)
    run, history = runs.remembered(status, workflows, now)
    live = [workflow for workflow in workflows if not workflow.over]
    wanted = want(preview, seen, run, settings, now)
    if wanted.cause == Cause.CLOSED and run and run.kind == Kind.END and run.over:
        # Whatever it went for before: it comes again when the pull request is opened again.
        run = replace(run, cause=Cause.CLOSED)
    stops = () if _own_push(spec, seen, wanted, live, settings, now) else _stops(spec, wanted, run, live)
    if run and not run.over and any(stop.workflow == run.name for stop in stops):
        run = replace(run, cause=stops[0].cause)
    start = () if live or not run or run.phase != RunPhase.STARTING else (StartRun(run),)
    if start and run and run.kind == Kind.TEST and wanted.test and not runs.fulfilled(run, spec):
        # Its Workflow may be there before this is written: then what was started counts.
        run, start = replace(run, commit=spec.head, retest=spec.retest), ()
    waits = NOW
    if not live and not start and (claim := _claim(preview, seen, wanted, run, workflows, settings, now)):
        waits = turn if claim.kind == Kind.TEST else NOW
        if not waits.place:
            run, history = runs.following(run, history, claim)
    following = _status(preview, seen, wanted, run, history, workflows, waits, settings)
    following = replace(following, queued=_queued(status, following, wanted, bool(live), now))
    return (*_written(preview, following), *stops, *start)


def claims(preview: Preview, actions: Sequence[Action]) -> str:
    """Return the name of the run of the pipeline that `actions` claim, or nothing."""
    before = preview.status.run.number if preview.status.run else 0
    for action in actions:
        run = action.status.run if isinstance(action, SetStatus) else None
        if run and run.kind == Kind.TEST and run.phase == RunPhase.STARTING and run.number > before:
            return run.name
    return ""


def _rests(preview: Preview, workflows: Sequence[Workflow]) -> bool:
    """Say whether all was done when the forge was heard last: a process that begins anew asks when there is news."""
    known = preview.status.observed_generation == preview.generation and bool(preview.spec.forge)
    return known and preview.status.phase == Phase.ENDED and all(workflow.over for workflow in workflows)


def moved(preview: Preview, seen: Seen | None) -> str:
    """Return what the repository is called now, where that is not as the Preview has it; else nothing."""
    found = seen.pull_request if seen else None
    if found is None or names.pull_request(found.owner, found.repo, found.number) == preview.name:
        return ""
    return f"{found.owner}/{found.repo}"


def follow(preview: Preview, seen: Seen | None, settings: Settings) -> dict[str, Any]:
    """Return what the wish must take over from the forge. A new head has its own time."""
    if seen is None or settings.kind == "none" or moved(preview, seen):
        return {}
    spec, found = preview.spec, seen.pull_request
    source = {"forge": settings.kind, "author": found.author, "fork": found.fork, "draft": found.draft}
    changes: dict[str, Any] = {}
    if source != {"forge": spec.forge, "author": spec.author, "fork": spec.fork, "draft": spec.draft}:
        changes["source"] = source
    if found.head != spec.head:
        changes |= {"head": found.head} | ({"expires": None} if spec.head and spec.expires else {})
    return changes


def want(preview: Preview, seen: Seen | None, run: Run | None, settings: Settings, now: datetime) -> Wanted:
    """Return what should be, whatever is."""
    spec = preview.spec
    if spec.head and spec.stop == spec.head:
        return Wanted(cause=Cause.STOPPED, why=f"it was stopped for {spec.head[:12]}; another commit begins anew")
    if name := moved(preview, seen):
        return Wanted(cause=Cause.CLOSED, why=f"the repository is called {name} now, where its pull request goes on")
    if seen and not seen.pull_request.open:
        if spec.pinned:
            return Wanted(why="the pull request is closed; its preview is pinned")
        return Wanted(cause=Cause.CLOSED, why="the pull request is closed")
    if seen is None and run and run.over and (run.kind, run.cause) == (Kind.END, Cause.CLOSED):
        # A controller that has just started knows nothing of the forge: what is gone stays so until that answers.
        return Wanted(cause=Cause.CLOSED, why="the pull request was closed")
    expires = runs.expiry(spec, run, settings)
    if expires and not spec.pinned and moments.read(expires) <= now:
        return Wanted(cause=Cause.EXPIRED, why=f"its time was over at {expires}")
    if run and not expires and not spec.pinned and _stayed(run, spec):
        return Wanted(cause=Cause.EXPIRED, why="its time is over")
    if not spec.head:
        return Wanted(why="its head is not known yet")
    if refused := gates.refusal(spec, seen, settings):
        return Wanted(why=refused, refused=True)
    if spec.forge and not gates.known(seen, settings):
        return Wanted(why="the forge has not answered yet")
    return Wanted(test=True)


def _stayed(run: Run, spec: Spec) -> bool:
    """Say whether a preview whose time was over could not be taken away: what its time was, its runs say no more."""
    failed = run.phase in (RunPhase.FAILED, RunPhase.LOST)
    return run.kind == Kind.END and run.cause == Cause.EXPIRED and failed and runs.fulfilled(run, spec)


def _stops(spec: Spec, wanted: Wanted, run: Run | None, live: Sequence[Workflow]) -> tuple[StopRun, ...]:
    """Return what has to end. A person's own run, and one that takes the preview away, are waited for."""
    return tuple(
        StopRun(workflow.name, wanted.cause or Cause.SUPERSEDED)
        for workflow in live
        if workflow.number
        and workflow.kind == Kind.TEST
        and not workflow.stopping
        and (wanted.cause or not _right(workflow, spec, wanted, run))
    )


def _own_push(
    spec: Spec, seen: Seen | None, wanted: Wanted, live: Sequence[Workflow], settings: Settings, now: datetime
) -> bool:
    """Say whether a new head may be the living run's own work: that is known when its agent has ended."""
    if wanted.cause or seen is None or seen.since is None:
        return False
    age = (now - seen.since).total_seconds()
    writing = [workflow for workflow in live if workflow.writing and workflow.commit != spec.head]
    return age < settings.own_push_seconds and bool(writing)


def _right(workflow: Workflow, spec: Spec, wanted: Wanted, run: Run | None) -> bool:
    newest = run is not None and run.number == workflow.number
    return (
        newest
        and spec.head in (workflow.commit, *workflow.made)
        and not (wanted.test and not runs.fulfilled(run, spec))
    )


def _claim(
    preview: Preview,
    seen: Seen | None,
    wanted: Wanted,
    run: Run | None,
    workflows: Sequence[Workflow],
    settings: Settings,
    now: datetime,
) -> Run | None:
    """Return the run that is to be claimed, or None."""
    spec = preview.spec
    if wanted.cause:
        if run is None or (run.kind == Kind.END and (run.phase == RunPhase.SUCCEEDED or _recent(run, settings, now))):
            return None
    elif not wanted.test or runs.fulfilled(run, spec):
        return None
    before = [run.number if run else 0, *(workflow.number for workflow in workflows)]
    number = max(before) + 1 if any(before) else _first(preview, seen, now)
    return Run(
        names.run(preview.name, number),
        number,
        Kind.END if wanted.cause else Kind.TEST,
        commit=spec.head,
        retest=spec.retest,
        cause=wanted.cause,
        claimed=moments.stamp(now),
    )


def _first(preview: Preview, seen: Seen | None, now: datetime) -> int:
    """Return the number of a Preview's first run. No run may take the name, and so the evidence, of an earlier one.

    A Preview that is much younger than its pull request may have been made anew (it was deleted, or etcd was lost): its
    runs are numbered by the time, and so beyond all that were before.
    """
    opened = seen.pull_request.created if seen else ""
    late = opened and preview.created and moments.read(preview.created) - moments.read(opened) > LATE
    return int((now - NUMBERS_SINCE).total_seconds() // 60) if late else 1


def _queued(before: Status, following: Status, wanted: Wanted, live: bool, now: datetime) -> str:
    """Return since when it waits for its turn. A forge that does not answer takes nobody out of the row."""
    if following.place:
        return before.queued or moments.stamp(now)
    unsure = following.phase == Phase.WAITING and not live and not wanted.cause and not wanted.refused
    return before.queued if unsure else ""


def _recent(run: Run, settings: Settings, now: datetime) -> bool:
    """Say whether what failed to take the preview away ended so shortly ago that it is not tried again yet."""
    return bool(run.ended) and (now - moments.read(run.ended)).total_seconds() < settings.retry_seconds


def _status(
    preview: Preview,
    seen: Seen | None,
    wanted: Wanted,
    run: Run | None,
    history: tuple[Run, ...],
    workflows: Sequence[Workflow],
    waits: Turn,
    settings: Settings,
) -> Status:
    spec, status = preview.spec, preview.status
    phase, message = _phase(spec, wanted, run, workflows, waits)
    test = runs.newest_test(run, history)
    workflow = next((each for each in workflows if test and each.number == test.number), None)
    gone = phase in (Phase.ENDING, Phase.ENDED)
    verdict = Verdict.REFUSED if phase == Phase.REFUSED else runs.verdict(test) if test else Verdict.WAITING
    return replace(
        status,
        pull_request=f"{spec.owner}/{spec.repo}#{spec.number}",
        phase=phase,
        message=message[:MESSAGE_LIMIT],
        run=run,
        history=history,
        tested_commit=test.made[-1] if test and test.made else "",
        url="" if gone else workflow.url if workflow else status.url,
        verdict=verdict,
        expires="" if spec.pinned or gone else runs.expiry(spec, run, settings),
        place=waits.place,
        conditions=(
            ("Allowed", not wanted.refused, wanted.why if wanted.refused else ""),
            (labels.WANTED, not wanted.cause, wanted.why if wanted.cause else ""),
            ("ForgeKnown", seen is not None or not spec.forge, "" if seen or not spec.forge else "no answer yet"),
        ),
        observed_generation=preview.generation,
    )


def _phase(
    spec: Spec, wanted: Wanted, run: Run | None, workflows: Sequence[Workflow], waits: Turn
) -> tuple[Phase, str]:
    by_hand = next((workflow for workflow in workflows if not workflow.over and not workflow.number), None)
    if run and not run.over:
        if run.kind == Kind.END:
            return Phase.ENDING, wanted.why
        if run.cause:
            return Phase.STOPPING, f"run {run.name} is {run.cause}"
        if first := next((each.waits_for for each in workflows if each.number == run.number), ""):
            return Phase.WAITING, f"{run.name} waits until {first} has ended"
        starting = run.phase == RunPhase.STARTING
        return (Phase.STARTING, "") if starting else (Phase.RUNNING, "")
    if wanted.cause:
        if run and not (run.kind == Kind.END and run.phase == RunPhase.SUCCEEDED):
            tried = run.kind == Kind.END
            return Phase.ENDING, f"{wanted.why}; {run.name} could not take it away" if tried else wanted.why
        return Phase.ENDED, wanted.why
    if run and run.kind == Kind.TEST and runs.fulfilled(run, spec):
        return (Phase.READY if run.phase == RunPhase.SUCCEEDED else Phase.FAILED), wanted.why
    if run and run.kind == Kind.END and runs.fulfilled(run, spec):
        return Phase.ENDED, wanted.why
    if by_hand:
        return Phase.WAITING, f"waiting for {by_hand.name}, which a person started"
    if wanted.why:
        return (Phase.REFUSED if wanted.refused else Phase.WAITING), wanted.why
    return (Phase.QUEUED, f"place {waits.place} in the queue: {waits.why}") if waits.place else (Phase.WAITING, "")


def _written(preview: Preview, status: Status) -> tuple[SetStatus, ...]:
    return () if status == preview.status else (SetStatus(status),)
