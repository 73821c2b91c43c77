"""The runs of a pull request: what its Preview remembers of them, brought to what the cluster shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from implementation_dag.base import moments
from implementation_dag.forge.model import Verdict

from .model import Cause, Kind, Run, RunPhase, Settings, Spec, Status, Workflow

HISTORY_LIMIT = 10


def remembered(status: Status, workflows: Sequence[Workflow], now: datetime) -> tuple[Run | None, tuple[Run, ...]]:
    """Return the newest run and those before it, the newest first.

    A Workflow with a higher number than any that is remembered is taken in: somebody deleted the Preview and it was
    made anew, but its runs go on.
    """
    ours = {workflow.number: workflow for workflow in workflows if workflow.number}
    run, history = status.run, status.history
    newest = max(ours, default=0)
    if newest > (run.number if run else 0):
        history = ((run, *history) if run else history)[:HISTORY_LIMIT]
        run = Run(ours[newest].name, newest, ours[newest].kind)
    found = _seen(run, ours, now) if run else None
    return found, tuple(_seen(earlier, ours, now) for earlier in history)


def _seen(run: Run, ours: Mapping[int, Workflow], now: datetime) -> Run:
    workflow = ours.get(run.number)
    if workflow is None:
        # One that is only claimed was never made; one that had ended was deleted after its time.
        lost = run.phase == RunPhase.RUNNING
        return replace(run, phase=RunPhase.LOST, ended=moments.stamp(now)) if lost else run
    over = RunPhase.SUCCEEDED if workflow.good else RunPhase.FAILED
    return replace(
        run,
        # What was really started counts, not what was meant.
        kind=workflow.kind,
        commit=workflow.commit or run.commit,
        phase=over if workflow.over else RunPhase.RUNNING,
        started=workflow.started,
        ended=workflow.ended if workflow.over else "",
        made=workflow.made or run.made,
    )


def following(run: Run | None, history: tuple[Run, ...], claimed: Run) -> tuple[Run, tuple[Run, ...]]:
    """Return the newest run and those before it once `claimed` is the newest."""
    return claimed, ((run, *history) if run else history)[:HISTORY_LIMIT]


def newest_test(run: Run | None, history: Sequence[Run]) -> Run | None:
    """Return the newest run of the pipeline itself."""
    return next((each for each in ([run] if run else []) + list(history) if each.kind == Kind.TEST), None)


def fulfilled(run: Run | None, spec: Spec) -> bool:
    """Say whether the head has had its run: by the pipeline, or because its preview was taken away since.

    What went because the pull request was closed comes again when it is opened again.
    """
    return (
        run is not None
        and spec.head in (run.commit, *run.made)
        and run.retest == spec.retest
        and not (run.kind == Kind.END and run.cause == Cause.CLOSED)
    )


def expiry(spec: Spec, run: Run | None, settings: Settings) -> str:
    """Return when the preview has to go: as it is wished, else its time to live after a run that succeeded."""
    if spec.expires:
        return spec.expires
    if run and run.kind == Kind.TEST and run.phase == RunPhase.SUCCEEDED and run.ended:
        return moments.stamp(moments.read(run.ended) + timedelta(hours=settings.ttl_hours))
    return ""


def verdict(run: Run) -> Verdict:
    """Return how a run of the pipeline stands, or ended."""
    if run.phase == RunPhase.SUCCEEDED:
        return Verdict.PASSED
    if run.cause == Cause.SUPERSEDED:
        return Verdict.SUPERSEDED
    if run.cause or run.phase == RunPhase.LOST:
        return Verdict.STOPPED
    return Verdict.FAILED if run.phase == RunPhase.FAILED else Verdict.RUNNING
