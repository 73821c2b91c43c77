"""After runs of real pull requests Prometheus has what they made, nothing fires, and dashboards have data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from lightkube import Client
from lightkube.resources.core_v1 import Pod

from implementation_dag.base import kube, wait
from implementation_dag.base.moments import now, read
from implementation_dag.pull_requests import objects
from scripts.lab.kubectl import Kubectl
from scripts.lab.monitoring.expected import Expected, of_now, of_runs
from scripts.lab.monitoring.prometheus import Prometheus
from tests.api.previews import NAMESPACE, apply, runs
from tests.api.pull_requests.place import OWNER
from tests.api.pull_requests.process import until
from tests.api.release import World
from tests.unit.project.test_monitoring import declared

from .conftest import JOB, Watch
from .queries import note_queries

# What a scrape and an evaluation may take on a busy machine.
SETTLED_SECONDS = 60
# Longer than any alert waits here.
QUIET_SECONDS = 60
CALLS = 100000


@dataclass(frozen=True)
class Between:
    """Of a metric a question whose answer is one number, which is not exactly known."""

    metric: str
    expr: str
    low: float
    high: float


def fare(watch: Watch) -> None:
    """Pull requests that pass, fail and are mended, are superseded, are closed, and one that still runs."""
    place, argo = watch.place, watch.argo
    good, commit = place.open("good")
    place.until(good, "Ready", commit)
    argo.fails = True
    mended, commit = place.open("mended")
    place.until(mended, "Failed", commit)
    argo.fails = False
    place.until(mended, "Ready", place.push("mended", "mend.txt"))
    argo.hold = True
    superseded, commit = place.open("superseded")
    place.until(superseded, "Running", commit)
    commit = place.push("superseded", "newer.txt")
    until(lambda: place.status(superseded)["run"].get("commit") == commit, lambda: place.status(superseded))
    argo.hold = False
    place.until(superseded, "Ready", commit)
    place.developer.set_open(OWNER, place.repo, good, False)
    place.until(good, "Ended")
    argo.hold = True
    place.until(*_opened(watch, "still"))


def _opened(watch: Watch, branch: str) -> tuple[int, str, str]:
    number, commit = watch.place.open(branch)
    return number, "Running", commit


def documents(world: World) -> None:
    """A DocsRun that ends, and one that does not."""
    for name in ("ends", "stays"):
        world.docsrun(name)
        world.becomes(kube.DocsRun, name, "Pending")
    world.begins("ends")
    world.stands(Pod, "ends-x", phase="Succeeded")
    world.becomes(kube.DocsRun, "ends", "Succeeded")


def steps(kubectl: Kubectl) -> None:
    """A step that waits for the provisioner, of a run without arguments."""
    apply(kubectl, "administrator", runs()[:1])


def expected(watch: Watch, client: Client) -> Iterator[Expected | Between]:
    """Of every metric that there is."""
    previews = [kube.as_dict(item) for item in client.list(objects.Resource, namespace=NAMESPACE)]
    workflows = {
        each["metadata"]["name"]: each for each in map(kube.as_dict, client.list(kube.Workflow, namespace=NAMESPACE))
    }
    yield from of_runs(previews, workflows, JOB)
    yield from of_now(previews, workflows, JOB)
    of = f'{{job="{JOB}"}}'

    def ours(
        metric: str, values: Mapping[tuple[str, ...], float], by: tuple[str, ...] = (), suffix: str = ""
    ) -> Expected:
        return Expected(metric, f"sum by ({', '.join(by)}) (implementation_dag_{metric}{suffix}{of})", by, values)

    delivered: Counter[tuple[str, ...]] = Counter((str(each.status),) for each in watch.place.hooks.seen)
    yield ours("webhook_deliveries_total", delivered, ("code",))
    yield ours("webhook_duration_seconds", {(): delivered.total()}, suffix="_count")
    yield Between("webhook_lag_seconds", f"sum(implementation_dag_webhook_lag_seconds_count{of})", 1, delivered.total())
    asked = watch.place.wire.seen
    good = sum(each.status < 400 for each in asked)
    yield Between("forge_requests_total", f"sum(implementation_dag_forge_requests_total{of})", good, len(asked))
    yield ours("forge_request_duration_seconds", {(): len(asked)}, suffix="_count")
    yield ours("forge_budget", {(): CALLS})
    left = f"sum(implementation_dag_forge_budget_remaining{of})"
    yield Between("forge_budget_remaining", left, CALLS - len(asked), CALLS)
    # Gitea says nothing of it.
    yield from (ours(name, {}) for name in ("forge_rate_limit", "forge_rate_limit_remaining"))
    (live,) = (each["status"]["run"] for each in previews if each["status"]["phase"] == "Running")
    age = (now() - read(live.get("started") or live["claimed"])).total_seconds()
    yield Between("run_oldest_seconds", f"max(implementation_dag_run_oldest_seconds{of})", age - 5, age + 5)
    by = ("kind", "phase")
    yield ours("objects", {("DocsRun", "Pending"): 1, ("DocsRun", "Succeeded"): 1}, by)
    yield ours("object_results_total", {("DocsRun", "Succeeded"): 1}, by)
    yield ours("object_duration_seconds", {("DocsRun", "Succeeded"): 1}, by, "_count")
    yield ours("provisioner_steps_total", {("set-params", "Failed"): 1}, ("step", "result"))
    yield ours("provisioner_step_duration_seconds", {("set-params",): 1}, ("step",), "_count")
    yield ours("provisioner_waiting", {})
    yield from (ours(name, {}) for name in ("reaper_removed_total", "reaper_left", "reaper_stuck_namespaces"))
    passes = f'implementation_dag_reaper_passes_total{{job="{JOB}",result="success"}}'
    yield Between("reaper_passes_total", passes, 1, 100)
    timed = f"sum(implementation_dag_reaper_pass_duration_seconds_count{of})"
    yield Between("reaper_pass_duration_seconds", f"{timed} - sum(implementation_dag_reaper_passes_total{of})", 0, 0)
    yield Between("reaper_waiting", f"max(implementation_dag_reaper_waiting{of})", 0, 100)
    yield Between("preview_namespaces", f"max(implementation_dag_preview_namespaces{of})", 1, 100)
    yield Between("last_look_age_seconds", f"max(implementation_dag_last_look_age_seconds{of})", 0, SETTLED_SECONDS)


def wrong(prometheus: Prometheus, each: Expected | Between) -> str:
    """What is not as expected; empty where all is."""
    answer = prometheus.ask(each.expr)
    if isinstance(each, Between):
        (found,) = [value for _, value in answer] or [float("nan")]
        return "" if each.low <= found <= each.high else f"{each}: {found}"
    has = {tuple(labels.get(name, "") for name in each.by): value for labels, value in answer}
    wanted = {key: value for key, value in each.values.items() if value}
    same = {key: pytest.approx(value, abs=1e-3) for key, value in wanted.items()}
    return "" if {key: value for key, value in has.items() if value} == same else f"{each.expr}: {has}, not {wanted}"


@pytest.mark.parametrize("place", [{"priced": True}], indirect=True, ids=["priced"])
def test_prometheus_has_what_the_runs_made_and_nothing_fires(
    watch: Watch, client: Client, kubectl: Kubectl, world: World, request: pytest.FixtureRequest
) -> None:
    fare(watch)
    documents(world)
    steps(kubectl)
    faults: list[str] = []

    def right() -> bool:
        faults[:] = filter(None, (wrong(watch.prometheus, each) for each in expected(watch, client)))
        return not faults

    wait.until(right, SETTLED_SECONDS, 1)
    names = {each.metric for each in expected(watch, client)}
    assert {name.removeprefix("implementation_dag_") for name in names} == set(declared())
    request.node.user_properties.extend(("metric", name) for name in names)
    spoiled = {name for name in names for fault in faults if name in fault}
    request.node.user_properties.extend(("metric_as_expected", name) for name in names - spoiled)
    assert faults == []
    time.sleep(QUIET_SECONDS)
    assert (watch.fired(), watch.alertmanager.active()) == (set(), set())
    for alert in watch.all():
        request.node.user_properties += [("alert", "/".join(alert)), ("alert_kept_quiet", "/".join(alert))]
    assert note_queries(request.node, watch.prometheus, JOB, f"{OWNER}/{watch.place.repo}") == []
