"""What is counted of runs, at the writes of this process alone: each names the version of the Preview that was read.

So of two controllers one counts, and what is seen again is not counted again. A process that dies between its write and
its count loses that one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import prometheus_client

from implementation_dag.base import metrics, moments, workflow_status
from implementation_dag.contract import rows, stages
from implementation_dag.forge.model import Verdict

from . import costs, runs
from .model import Cause, Kind, Phase, Preview, Run, RunPhase, Seen, Status
from .reports import FINAL

Object = dict[str, Any]
Ended = Callable[[Run, Preview, Object, str], None]
# Repositories that have series of their own; those of values come first, the others are one.
MOST_REPOSITORIES = 50
PASSED, FAILED, ERROR, CANCELLED, SKIPPED = "success", "failure", "error", "cancellation", "skip"
ENDS = (PASSED, FAILED, ERROR, CANCELLED)
_RESULTS = {"Succeeded": PASSED, "Failed": FAILED, "Error": ERROR, "Skipped": SKIPPED, "Omitted": SKIPPED}
# From these a push alone leads to a run: no gate was shut, nothing was closed.
_OPEN = ("", Phase.WAITING, Phase.STARTING, Phase.RUNNING, Phase.STOPPING, Phase.READY, Phase.FAILED)

# By their names in OpenTelemetry's semantic conventions for CI/CD.
PIPELINE, STATE = "cicd_pipeline_name", "cicd_pipeline_run_state"
RUN_DURATION = prometheus_client.Histogram(
    "cicd_pipeline_run_duration_seconds",
    "Time of a run of the pipeline in a state: waiting for its turn (pending), or working (executing).",
    (PIPELINE, STATE, "cicd_pipeline_result"),
    buckets=metrics.SECONDS,
    registry=metrics.REGISTRY,
)
RUNS = metrics.counter("runs", "Runs of the pipeline that have ended.", "repository", "result")
CLEANUPS = metrics.counter("cleanups", "Runs that take a preview away, and have ended.", "cause", "result")
STAGES = metrics.counter("stage_results", "Stages of runs that have ended.", "stage", "result", "repository")
STAGE_DURATION = metrics.histogram("stage_duration_seconds", "Time of a stage that succeeded or failed.", "stage")
REQUESTS = metrics.counter("acceptance_requests", "Requests of acceptance tests.", "repository", "result")
LATENCY = prometheus_client.Summary(
    f"{metrics.PREFIX}acceptance_latency_seconds",
    "Latency of previews: of each acceptance test its percentile.",
    ("repository", "percentile"),
    registry=metrics.REGISTRY,
)
VERDICT = metrics.histogram(
    "push_to_verdict_seconds", "Time from when a push was seen until its verdict stands at the forge.", "result"
)
MEND = metrics.histogram(
    "time_to_mend_seconds", "Time from the first run of a pull request that failed to the next that passed."
)
COST = metrics.counter("run_cost", "Cost of runs and of their previews until then, in cost.currency.", "repository")
PREVIEW_COST = metrics.gauge(
    "preview_cost_hourly", "Cost of previews that stand, an hour, in cost.currency.", "repository"
)
WEBHOOK_LAG = metrics.histogram(
    "webhook_lag_seconds",
    "Time from the receipt of a webhook until the forge was asked what it is about.",
    buckets=metrics.SHORT_SECONDS + metrics.SECONDS[5:],
)


# Each preview, and what it costs an hour now.
Hourly = Callable[[], Iterable[tuple[Preview, float]]]


class Measures:
    """Counts what one controller writes down."""

    def __init__(
        self,
        pipeline: str,
        repositories: tuple[str, ...],
        hourly: Hourly | None = None,
        also: Ended | None = None,
    ) -> None:
        """`hourly` is what previews cost that stand, None where nothing has a price.

        `also` hears of each run that is counted, with its Workflow and result.
        """
        self._pipeline, self._also = pipeline, also
        self._repositories = metrics.Bounded(repositories, MOST_REPOSITORIES)
        self._hourly = hourly
        self._began = moments.now()
        # Since when the verdict of a run is waited for.
        self._pushed: dict[str, datetime] = {}
        self._met = set[str]()
        self._lock = threading.Lock()
        for cause in (each for each in Cause if each):
            metrics.begin(CLEANUPS, *((cause, result) for result in ENDS))
        metrics.begin(VERDICT, (PASSED,), (FAILED,))

    def meet(self, preview: Preview) -> str:
        """Return the label of a Preview's repository; what is first met begins at 0, so that its first run counts."""
        repository = self._label(preview)
        if repository not in self._met:
            self._met.add(repository)
            tasks = (*(stage.task for stage in stages.STAGES), *stages.EXIT_TASKS)
            metrics.begin(RUNS, *((repository, result) for result in ENDS))
            metrics.begin(STAGES, *((task, result, repository) for task in tasks for result in (*ENDS, SKIPPED)))
            metrics.begin(REQUESTS, (repository, PASSED), (repository, FAILED))
            if self._hourly:
                metrics.begin(COST, (repository,))
                PREVIEW_COST.labels(repository).set_function(partial(self._standing, self._hourly, repository))
        return repository

    def _label(self, preview: Preview) -> str:
        return self._repositories.of(f"{preview.spec.owner}/{preview.spec.repo}".lower())

    def _standing(self, hourly: Hourly, repository: str) -> float:
        return sum(amount for preview, amount in hourly() if self._label(preview) == repository)

    def written(self, before: Preview, after: Status, seen: Seen | None, workflows: Mapping[str, Object]) -> None:
        """Count what a status that was written changes: runs that it claims, and runs that have ended since."""
        known = {run.number: run for run in _runs(before.status)}
        for run in _runs(after):
            earlier = known.get(run.number)
            if earlier is None and run.phase == RunPhase.STARTING:
                self._claimed(before, run, seen)
            elif earlier and run.over and not earlier.over:
                self._ended(before, run, workflows.get(run.name))

    def told(self, run: Run, verdict: Verdict, mark: str) -> None:
        """Count the time of a verdict once the forge has it; `mark` is what is noted of that, run.told what was."""
        if run.told.endswith(FINAL) or not mark.endswith(FINAL):
            return
        with self._lock:
            since = self._pushed.pop(run.name, None) or moment(run.claimed)
        result = {Verdict.PASSED: PASSED, Verdict.FAILED: FAILED}.get(verdict)
        if result and since:
            VERDICT.labels(result).observe(seconds(since, moments.now()))

    def asked(self, look: str) -> None:
        """Count the way of a webhook's news; what came before this process began says nothing of it."""
        received = moment(look.partition(" ")[0])
        if received and received >= self._began:
            WEBHOOK_LAG.observe(seconds(received, moments.now()))

    def _claimed(self, before: Preview, run: Run, seen: Seen | None) -> None:
        if run.kind != Kind.TEST:
            return
        status, claimed = before.status, moment(run.claimed) or moments.now()
        queued = moment(status.queued) or claimed
        RUN_DURATION.labels(self._pipeline, "pending", "").observe(seconds(queued, claimed))
        again = any(run.commit in (each.commit, *each.made) for each in _runs(status))
        pushed = seen.since if seen and seen.since and status.phase in _OPEN and not again else queued
        with self._lock:
            self._pushed[run.name] = min(pushed, queued)

    def _ended(self, preview: Preview, run: Run, workflow: Object | None) -> None:
        result = _result(run)
        if run.kind == Kind.END:
            CLEANUPS.labels(run.cause or Cause.STOPPED, result).inc()
            return
        repository = self.meet(preview)
        RUNS.labels(repository, result).inc()
        if (started := moment(run.started)) and (ended := moment(run.ended)):
            RUN_DURATION.labels(self._pipeline, "executing", result).observe(seconds(started, ended))
            if result == PASSED and (broken := _broken_since(preview.status, run)):
                MEND.observe(seconds(broken, ended))
        if workflow:
            self._stages(workflow, repository, result)
            if self._also:
                self._also(run, preview, workflow, result)
        if self._hourly and workflow and (cost := costs.of_run(workflow)):
            COST.labels(repository).inc(cost.amount)

    def _stages(self, workflow: Object, repository: str, of_run: str) -> None:
        tasks, left = workflow_status.tasks(workflow), workflow_status.exit_tasks(workflow)
        nodes = {stage.task: tasks.get(stage.task, {}) for stage in stages.STAGES}
        nodes |= {task: left.get(task, {}) for task in stages.EXIT_TASKS}
        for stage, node in nodes.items():
            result = _RESULTS.get(str(node.get("phase") or "Omitted"), CANCELLED)
            if of_run == CANCELLED and result in (FAILED, ERROR):
                # Whoever stops a run lets what runs fail.
                result = CANCELLED
            STAGES.labels(stage, result, repository).inc()
            started, ended = moment(node.get("startedAt")), moment(node.get("finishedAt"))
            if result in (PASSED, FAILED) and started and ended:
                STAGE_DURATION.labels(stage).observe(seconds(started, ended))
        _acceptance(workflow_status.of(workflow, "").output(stages.ACCEPTANCE.task, "figures"), repository)


def _acceptance(figures: str, repository: str) -> None:
    for total, good, *micros in rows.read(figures, int, int, int, int, int)[:1]:
        if not 0 <= int(good) <= int(total):
            return
        REQUESTS.labels(repository, PASSED).inc(int(good))
        REQUESTS.labels(repository, FAILED).inc(int(total) - int(good))
        for percentile, micro in zip(("50", "95", "99"), micros, strict=True):
            if int(micro) >= 0:
                LATENCY.labels(repository, percentile).observe(int(micro) / 1e6)


def _result(run: Run) -> str:
    if run.phase == RunPhase.LOST:
        return ERROR
    verdicts = {Verdict.PASSED: PASSED, Verdict.FAILED: FAILED}
    # A run that takes a preview away has a cause, and is judged by its end.
    ended = PASSED if run.phase == RunPhase.SUCCEEDED else FAILED
    return ended if run.kind == Kind.END else verdicts.get(runs.verdict(run), CANCELLED)


def _broken_since(status: Status, passed: Run) -> datetime | None:
    """When the first run failed of those that failed since the last one that passed; what was stopped says nothing."""
    since = None
    for run in sorted(_runs(status), key=lambda each: -each.number):
        if run.kind == Kind.TEST and run.number < passed.number and run.over:
            if _result(run) == PASSED:
                break
            since = moment(run.ended) if _result(run) == FAILED else since
    return since


def _runs(status: Status) -> Iterator[Run]:
    yield from (run for run in (status.run, *status.history) if run)


def moment(text: Any) -> datetime | None:
    """Return a moment that somebody wrote, None where it is none."""
    try:
        found = moments.read(str(text)) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def seconds(since: datetime, until: datetime) -> float:
    """Return the time between two moments; clocks of two machines may disagree."""
    return max((until - since).total_seconds(), 0.0)
