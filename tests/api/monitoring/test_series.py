"""A hundred runs of a hundred pull requests: how many series a Prometheus has of them then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lightkube import Client

from idag.render.manifests import Object
from implementation_dag.base import kube, wait
from implementation_dag.pull_requests import objects as previews
from scripts.lab.monitoring import alertmanager, prometheus
from scripts.lab.monitoring.prometheus import Target
from tests.api.previews import NAMESPACE
from tests.api.pull_requests.argo import Argo
from tests.api.pull_requests.process import PATIENCE_SECONDS, Process, told, until

from .conftest import JOB, clear

RUNS, REPOSITORIES, MOST = 100, 12, 4000


def test_series_do_not_grow_with_runs(
    client: Client,
    argo: Argo,
    groups: list[Object],
    processes: Callable[..., Process],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    ours = processes("pull-requests", {"FORGE": told()})
    target = Target(f"127.0.0.1:{ours.metrics}", {"job": JOB, "container": ours.command, "pod": "a"})
    for number in range(1, RUNS + 1):
        item = previews.new("acme", f"repo-{number % REPOSITORIES}", number, NAMESPACE)
        item["spec"]["head"] = f"{number:040x}"
        client.create(previews.Resource.from_dict(item))

    def ended() -> bool:
        found = [kube.as_dict(each) for each in client.list(previews.Resource, namespace=NAMESPACE)]
        return [(each.get("status") or {}).get("phase") for each in found] == ["Ready"] * RUNS

    assert wait.until(ended, PATIENCE_SECONDS, 1), ours.log.read_text()[-2000:]
    with (
        alertmanager.running(tmp_path) as told_of,
        prometheus.running(tmp_path, [target], groups, told_of.address) as seen,
    ):
        runs = f'sum(implementation_dag_runs_total{{job="{JOB}"}})'
        until(lambda: seen.value(runs) == RUNS, lambda: seen.ask(runs))
        series = int(seen.value(f'count({{job="{JOB}",__name__!~"implementation_dag:.*|ALERTS.*"}})'))
    clear(client)
    request.node.user_properties.append(("series_after_100_runs", series))
    assert series < MOST
