"""All processes of the release on a real API server and a real forge, watched by a real Prometheus and Alertmanager."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lightkube import Client

from idag.render import helm
from idag.render.manifests import Object
from implementation_dag.base import kube, metrics, wait
from implementation_dag.pull_requests import objects as previews_objects
from scripts.chart.render.project import CHART
from scripts.lab import ports
from scripts.lab.kubectl import Kubectl
from scripts.lab.monitoring import alertmanager, kube_state, prometheus, rules
from scripts.lab.monitoring.alertmanager import Alert, Alertmanager
from scripts.lab.monitoring.prometheus import INTERVAL_SECONDS, Prometheus, Target
from tests.api import release
from tests.api.previews import NAMESPACE, RELEASE, VALUES, apply
from tests.api.pull_requests.argo import Argo
from tests.api.pull_requests.conftest import argo, client, forge, named, place, processes
from tests.api.pull_requests.place import Place
from tests.api.pull_requests.process import Process

__all__ = ["argo", "client", "forge", "named", "place", "processes"]
JOB = f"{NAMESPACE}/{RELEASE}"
# The least that the chart allows: nobody waits for twenty minutes in a test.
LATE_SECONDS = 120
MONITORING = {"enabled": True, "slo": {"verdictSeconds": LATE_SECONDS}}
BUDGET = 100
# A preview with something in it.
FULL = "impl-isolation-pr-1"
COST = {"cpuCoreHour": 1, "repositoryBudget": BUDGET}
PATIENCE_SECONDS = 120
# The previews that the API tests share have no run: a reaper would take them.
GRACE_SECONDS = 86400


@pytest.fixture(scope="session")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The release's rules, whose alerts wait a twentieth of their time."""
    path = tmp_path_factory.mktemp("values") / "values.json"
    path.write_text(json.dumps(VALUES | {"monitoring": MONITORING, "cost": COST}))
    made = helm.template(CHART, path, release=RELEASE, namespace=NAMESPACE)
    (found,) = (item for item in made if item["kind"] == "PrometheusRule")
    return rules.faster(found)


@pytest.fixture(scope="session")
def kube_state_metrics(kubectl: Kubectl, previews: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """What tells of the previews' quotas and pods, one of which runs, as a node would say."""
    assert kubectl.kubeconfig
    status(kubectl, FULL, "pod/kept", {"phase": "Running"})
    with kube_state.running(tmp_path_factory.mktemp("kube-state"), kubectl.kubeconfig) as found:
        yield found


@dataclass(frozen=True)
class Watch:
    """What is watched, by whom, and what was seen."""

    place: Place
    argo: Argo
    prometheus: Prometheus
    alertmanager: Alertmanager
    groups: list[Object]
    controller: subprocess.Popen[bytes]
    # When each alert was first seen to have reached Alertmanager.
    told: dict[Alert, float] = field(default_factory=dict)
    # How long after it was due.
    late: dict[Alert, float] = field(default_factory=dict)
    # Two evaluations of its group.
    allowed: dict[Alert, float] = field(default_factory=dict)

    def all(self) -> set[Alert]:
        """Every alert that there is, by its severity."""
        return {(each["alert"], each["labels"]["severity"]) for each in rules.alerts(self.groups)}

    def fire(self, *expected: Alert) -> None:
        """Wait until these have reached Alertmanager, each in time; no other has fired by then."""
        assert wait.until(lambda: self.told.keys() >= set(expected), PATIENCE_SECONDS, 0.2), (expected, self.told)
        assert self.fired() == set(expected)
        for item in self.prometheus.alerts():
            alert = (item["labels"]["alertname"], item["labels"]["severity"])
            if alert in expected and alert not in self.late:
                waits, self.allowed[alert] = self._waits(alert)
                self.late[alert] = self.told[alert] - _moment(item["activeAt"]) - waits
        assert {alert: late for alert, late in self.late.items() if late > self.allowed[alert]} == {}

    def listen(self, end: threading.Event) -> None:
        """Note when alerts reach Alertmanager, until the end."""
        while not end.wait(0.2):
            for alert in self.alertmanager.active():
                self.told.setdefault(alert, time.time())

    def fired(self) -> set[Alert]:
        """All alerts that have fired so far."""
        found = self.prometheus.ask('count by (alertname, severity) (count_over_time(ALERTS{alertstate="firing"}[1h]))')
        return {(labels["alertname"], labels["severity"]) for labels, _ in found}

    def _waits(self, alert: Alert) -> tuple[float, float]:
        """How long what it sees is to stay, and what two evaluations take."""
        for group in self.groups:
            for each in rules.alerts([group]):
                if (each["alert"], each["labels"]["severity"]) == alert:
                    every = _seconds(group["interval"]) if "interval" in group else INTERVAL_SECONDS
                    return _seconds(each.get("for", "0ms")), 2 * every
        raise KeyError(alert)


def _seconds(milliseconds: str) -> float:
    return float(milliseconds.removesuffix("ms")) / 1000


def _moment(text: str) -> float:
    # Prometheus writes nanoseconds, which Python does not read.
    whole, _, rest = text.removesuffix("Z").partition(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone + float(f"0.{rest or 0}")


@pytest.fixture
def watch(
    place: Place,
    argo: Argo,
    client: Client,
    groups: list[Object],
    objects: list[Object],
    as_controller: Path,
    processes: Callable[..., Process],
    kube_state_metrics: Target,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Watch]:
    """The five processes of the release, watched from their beginning; the parameter is the reaper's grace."""
    reaper = processes("reaper", reaper_told(objects, getattr(request, "param", GRACE_SECONDS)))
    provisioner = processes("provisioner", release.environment(objects, name=f"{RELEASE}-provisioner"))
    ours = {"receiver": place.receiver.metrics, "pull-requests": place.controller.metrics, "reaper": reaper.metrics}
    ours |= {"provisioner": provisioner.metrics, "controller": ports.free()}
    told = release.environment(objects) | {metrics.PORT: str(ours["controller"])}
    targets = [
        Target(f"127.0.0.1:{port}", {"job": JOB, "namespace": NAMESPACE, "container": name, "pod": f"{name}-0"})
        for name, port in ours.items()
    ]
    with (
        release.controller(as_controller, told, tmp_path / "controller.log") as controller,
        alertmanager.running(tmp_path) as alerted,
        prometheus.running(tmp_path, [*targets, kube_state_metrics], groups, alerted.address) as seen,
    ):
        up = f'count(up{{job="{JOB}"}} == 1) or vector(0)'
        assert wait.until(lambda: seen.value(up) == len(targets), PATIENCE_SECONDS, 0.2)
        watch, end = Watch(place, argo, seen, alerted, groups, controller.process), threading.Event()
        listener = threading.Thread(target=watch.listen, args=(end,), daemon=True)
        listener.start()
        yield watch
        end.set()
        listener.join()
    clear(client)


def reaper_told(objects: list[Object], grace_seconds: int) -> dict[str, str]:
    """What the chart tells the reaper, with another grace."""
    env = release.environment(objects, name=f"{RELEASE}-reaper")
    return env | {"REAPER": json.dumps(json.loads(env["REAPER"]) | {"graceSeconds": grace_seconds})}


@contextmanager
def without_rights(kubectl: Kubectl, objects: list[Object], component: str) -> Iterator[None]:
    """The API server refuses all that one of our processes asks."""
    account = f"{RELEASE}-{component}"
    bound = [dict(item) for item in objects if account in [who["name"] for who in item.get("subjects") or ()]]
    kubectl.run("delete", "--filename=-", f"--namespace={NAMESPACE}", stdin=json.dumps(listed(bound)))
    yield
    apply(kubectl, "administrator", bound, f"--namespace={NAMESPACE}")


def status(kubectl: Kubectl, namespace: str, what: str, says: Object) -> None:
    """Say how an object stands."""
    patch = json.dumps({"status": says})
    kubectl.run("patch", what, f"--namespace={namespace}", "--subresource=status", "--type=merge", f"--patch={patch}")


def listed(items: list[Object]) -> Object:
    return {"apiVersion": "v1", "kind": "List", "items": items}


def clear(client: Client) -> None:
    """Of what one test made the next sees nothing."""
    kinds: tuple[Any, ...] = (kube.Workflow, previews_objects.Resource, kube.DocsRun)
    for kind in kinds:
        for item in client.list(kind, namespace=NAMESPACE):
            client.delete(kind, kube.as_dict(item)["metadata"]["name"], namespace=NAMESPACE)
