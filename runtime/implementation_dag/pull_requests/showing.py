"""What each scrape sees of pull requests, by what events told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import prometheus_client

from implementation_dag.base import metrics, moments

from .measures import PIPELINE, STATE, moment, seconds
from .model import Kind, Phase, Preview, RunPhase

SOON = timedelta(hours=1)
# What takes a preview away has this long after its time.
LATE = timedelta(minutes=15)
STATES = {RunPhase.STARTING: "pending", RunPhase.RUNNING: "executing"}

ACTIVE = prometheus_client.Gauge(
    "cicd_pipeline_run_active",
    "Runs of the pipeline that are not over, by state.",
    (PIPELINE, STATE),
    registry=metrics.REGISTRY,
)
PREVIEWS = metrics.gauge("previews", "Pull requests by the phase of their Preview.", "phase")
EXPIRING = metrics.gauge("previews_expiring_soon", "Previews whose time is over within an hour.")
OVERDUE = metrics.gauge("previews_overdue", "Previews that are there a quarter of an hour after their time.")
OLDEST = metrics.gauge("run_oldest_seconds", "Age of the run that is in a state for longest.", "state")
QUEUE_OLDEST = metrics.gauge("queue_oldest_seconds", "How long the pull request waits that waits longest for its turn.")
BUDGET_LEFT = metrics.gauge("forge_budget_remaining", "Requests of the forge that forge.callsPerHour still allows.")
BUDGET = metrics.gauge("forge_budget", "Requests of the forge that it allows at most.")
Previews = Callable[[], list[Preview]]


def show(pipeline: str, previews: Previews, left: Callable[[], float], budget: float) -> None:
    """Let each scrape see the `previews` of now, and what is `left` of the budget."""
    for phase in Phase:
        PREVIEWS.labels(phase).set_function(partial(_in_phase, previews, phase))
    EXPIRING.set_function(lambda: _over(previews(), moments.now() + SOON) - _over(previews(), moments.now()))
    OVERDUE.set_function(lambda: _over(previews(), moments.now() - LATE))
    QUEUE_OLDEST.set_function(lambda: _oldest([each.status.queued for each in previews()]))
    for state, name in STATES.items():
        ACTIVE.labels(pipeline, name).set_function(partial(_active, previews, state))
        OLDEST.labels(name).set_function(partial(_oldest_run, previews, state))
    BUDGET_LEFT.set_function(left)
    BUDGET.set(budget)


def _in_phase(previews: Previews, phase: Phase) -> float:
    return sum(each.status.phase == phase for each in previews())


def _active(previews: Previews, phase: RunPhase) -> float:
    return len(_since(previews(), phase))


def _oldest_run(previews: Previews, phase: RunPhase) -> float:
    return _oldest(_since(previews(), phase))


def _over(previews: list[Preview], when: datetime) -> int:
    """How many of what is there have a time that is over by then; of what is taken away it was when that was begun."""
    ends = [moment(each.status.expires or _going(each)) for each in previews]
    return sum(end is not None and end <= when for end in ends)


def _going(preview: Preview) -> str:
    run = preview.status.run
    return run.claimed if run and run.kind == Kind.END and not run.over else ""


def _since(previews: list[Preview], phase: RunPhase) -> list[str]:
    """Since when the runs of the pipeline are in this phase."""
    found = [run for each in previews if (run := each.status.run) and run.kind == Kind.TEST and run.phase == phase]
    return [run.started or run.claimed for run in found]


def _oldest(since: list[str]) -> float:
    now = moments.now()
    return max((seconds(found, now) for each in since if (found := moment(each))), default=0.0)
