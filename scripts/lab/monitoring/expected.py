"""What Prometheus is to answer of runs, found from the runs' own objects: their Previews and their Workflows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from implementation_dag import cost
from implementation_dag.base import moments, workflow_status
from implementation_dag.contract import rows, stages

Object = dict[str, Any]
Key = tuple[str, ...]
Values = Mapping[Key, float]
PHASES = {"Succeeded": "success", "Failed": "failure", "Error": "error", "Skipped": "skip", "Omitted": "skip"}


@dataclass(frozen=True)
class Expected:
    """Of a metric a question, and what the answer is by these labels; what is not named is 0."""

    metric: str
    expr: str
    by: tuple[str, ...]
    values: Values


@dataclass(frozen=True)
class Run:
    """A run as its Preview remembers it, and how it ended."""

    preview: Object
    data: Object

    @property
    def repository(self) -> str:
        return f"{self.preview['spec']['owner']}/{self.preview['spec']['repo']}".lower()

    @property
    def test(self) -> bool:
        return bool(self.data["kind"] == "test")

    @property
    def result(self) -> str:
        if self.data["phase"] == "Lost":
            return "error"
        if self.data["phase"] == "Succeeded":
            return "success"
        return "cancellation" if self.test and self.data.get("cause") else "failure"

    @property
    def seconds(self) -> float:
        return (moments.read(self.data["ended"]) - moments.read(self.data["started"])).total_seconds()


def runs(previews: Iterable[Object]) -> list[Run]:
    """All runs that are over, the oldest first."""
    found = []
    for preview in previews:
        status = preview.get("status") or {}
        found += [Run(preview, run) for run in (status.get("run"), *(status.get("history") or ())) if run]
    return sorted((run for run in found if run.data.get("ended")), key=lambda run: run.data["ended"])


def of_runs(previews: list[Object], workflows: Mapping[str, Object], job: str) -> Iterator[Expected]:
    """What is counted of them; `workflows` are those of all runs, by name."""
    found = runs(previews)
    tests = [run for run in found if run.test]
    of = f'{{job="{job}"}}'

    def counted(metric: str, by: tuple[str, ...], values: Values, suffix: str = "") -> Expected:
        name = metric if metric.startswith("cicd_") else f"implementation_dag_{metric}"
        return Expected(metric, f"sum by ({', '.join(by)}) ({name}{suffix}{of})", by, values)

    yield counted("runs_total", ("repository", "result"), Counter((run.repository, run.result) for run in tests))
    duration, by = "cicd_pipeline_run_duration_seconds", ("cicd_pipeline_run_state", "cicd_pipeline_result")
    worked = Counter(("executing", run.result) for run in tests)
    yield counted(duration, by, worked + Counter({("pending", ""): len(tests) + _live(previews)}), "_count")
    taken: Counter[str] = Counter()
    for run in tests:
        taken[run.result] += run.seconds  # type: ignore[assignment]
    executing = f'{duration}_sum{{job="{job}",cicd_pipeline_run_state="executing"}}'
    yield Expected(duration, f"sum by ({by[1]}) ({executing})", by[1:], {(key,): value for key, value in taken.items()})
    ends: Counter[Key] = Counter((run.data.get("cause") or "stopped", run.result) for run in found if not run.test)
    yield counted("cleanups_total", ("cause", "result"), ends)
    judged: Counter[Key] = Counter((run.result,) for run in tests if run.result in ("success", "failure"))
    yield counted("push_to_verdict_seconds", ("result",), judged, "_count")
    mended = list(_mended(tests))
    yield counted("time_to_mend_seconds", (), {(): len(mended)}, "_count")
    yield counted("time_to_mend_seconds", (), {(): sum(mended)}, "_sum")
    yield from (counted(*each) for each in _of_stages(tests, workflows))
    paid: Counter[Key] = Counter()
    for run in tests:
        paid[run.repository,] += _cost(workflows.get(run.data["name"], {})).amount  # type: ignore[assignment]
    yield counted("run_cost_total", ("repository",), paid)


def _of_stages(tests: list[Run], workflows: Mapping[str, Object]) -> Iterator[tuple[Any, ...]]:
    results, counts = Counter[Key](), Counter[Key]()
    times, requests, latencies = dict[Key, float](), Counter[Key](), Counter[Key]()
    for run in (run for run in tests if run.data["name"] in workflows):
        workflow = workflows[run.data["name"]]
        nodes = workflow_status.tasks(workflow) | workflow_status.exit_tasks(workflow)
        for task in (*(stage.task for stage in stages.STAGES), *stages.EXIT_TASKS):
            node = nodes.get(task, {})
            result = PHASES.get(node.get("phase") or "Omitted", "cancellation")
            result = "cancellation" if run.result == "cancellation" and result in ("failure", "error") else result
            results[task, result, run.repository] += 1
            if result in ("success", "failure"):
                counts[task,] += 1
                taken = moments.read(node["finishedAt"]) - moments.read(node["startedAt"])
                times[task,] = times.get((task,), 0.0) + taken.total_seconds()
        given = {each["name"]: each["value"] for each in _outputs(nodes.get(stages.ACCEPTANCE.task, {}))}
        for total, good, *percentiles in rows.read(given.get("figures", ""), int, int, int, int, int)[:1]:
            requests[run.repository, "success"] += int(good)
            requests[run.repository, "failure"] += int(total) - int(good)
            latencies.update({(run.repository, name): 1 for name in ("50", "95", "99")[: len(percentiles)]})
    yield "stage_results_total", ("stage", "result", "repository"), results
    yield "stage_duration_seconds", ("stage",), counts, "_count"
    yield "stage_duration_seconds", ("stage",), times, "_sum"
    yield "acceptance_requests_total", ("repository", "result"), requests
    yield "acceptance_latency_seconds", ("repository", "percentile"), latencies, "_count"


def _outputs(node: Object) -> list[Object]:
    return list((node.get("outputs") or {}).get("parameters") or ())


def _cost(workflow: Object) -> cost.Cost:
    """What the evidence step of a run said."""
    said = _outputs(workflow_status.exit_tasks(workflow).get("evidence", {})) if workflow else []
    found = [cost.read(each["value"]) for each in said if each["name"] == "cost"]
    return (found and found[0]) or cost.Cost(0, 0, "")


def _live(previews: Iterable[Object]) -> int:
    """How many runs have had their turn and are not over."""
    now = [(preview.get("status") or {}).get("run") or {} for preview in previews]
    return sum(run.get("kind") == "test" and not run.get("ended") for run in now)


def _mended(tests: list[Run]) -> Iterator[float]:
    """From the first run of a pull request that failed to its next that passed."""
    broken: dict[str, str] = {}
    for run in tests:
        name = run.preview["metadata"]["name"]
        if run.result == "failure":
            broken.setdefault(name, run.data["ended"])
        elif run.result == "success" and name in broken:
            yield (moments.read(run.data["ended"]) - moments.read(broken.pop(name))).total_seconds()


def of_now(previews: list[Object], workflows: Mapping[str, Object], job: str) -> Iterator[Expected]:
    """What there is now."""
    phases: Counter[Key] = Counter(((preview.get("status") or {}).get("phase") or "",) for preview in previews)
    yield Expected("previews", f'sum by (phase) (implementation_dag_previews{{job="{job}"}})', ("phase",), phases)
    expr = f'sum(cicd_pipeline_run_active{{job="{job}"}})'
    yield Expected("cicd_pipeline_run_active", expr, (), {(): _live(previews)})
    ready = (run for run in runs(previews) if run.test and run.preview["status"]["phase"] == "Ready")
    hourly: Counter[Key] = Counter()
    # Of each preview the newest run counts, which comes last.
    for run in {run.preview["metadata"]["name"]: run for run in ready}.values():
        hourly[run.repository,] += _cost(workflows.get(run.data["name"], {})).preview_hourly  # type: ignore[assignment]
    expr = f'sum by (repository) (implementation_dag_preview_cost_hourly{{job="{job}"}})'
    yield Expected("preview_cost_hourly", expr, ("repository",), hourly)
    for metric in ("previews_expiring_soon", "previews_overdue", "queue_oldest_seconds", "look_faults_total"):
        yield Expected(metric, f'sum(implementation_dag_{metric}{{job="{job}"}})', (), {})
