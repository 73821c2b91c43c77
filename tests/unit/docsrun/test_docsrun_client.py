"""A step that is repeated follows the DocsRun that still runs, and begins anew where an earlier one ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from lightkube import ApiError
from lightkube.core.resource import NamespacedResource

from implementation_dag.base import kube
from implementation_dag.base.errors import StepError
from implementation_dag.docsrun import client as docsrun_client

ENDED = {"completionTime": "2026-01-01T10:00:00Z"}


class Cluster:
    """DocsRuns by name. One that is read goes on from what its list of phases says."""

    def __init__(self, phases: dict[str, list[str]]) -> None:
        self.phases = phases
        self.created: list[str] = []

    def create(self, item: NamespacedResource) -> None:
        name = kube.as_dict(item)["metadata"]["name"]
        if name in self.phases:
            raise conflict()
        self.created.append(name)
        self.phases[name] = ["Pending", "Running", "Succeeded"]

    def get(self, kind: type, name: str, *, namespace: str) -> NamespacedResource:
        assert (kind, namespace) == (kube.DocsRun, "workflows")
        phases = self.phases[name]
        phase = phases.pop(0) if len(phases) > 1 else phases[0]
        status = ENDED | {"phase": phase, "message": f"{name} {phase}"}
        found: NamespacedResource = kube.DocsRun.from_dict({"status": status})
        return found


def conflict() -> ApiError:

    status = {"kind": "Status", "reason": "AlreadyExists", "code": 409, "message": "exists"}
    response = httpx2.Response(409, json=status, request=httpx2.Request("POST", "https://cluster"))
    return ApiError(response=response)


@pytest.mark.parametrize(
    ("there", "created", "message"),
    [
        ({}, ["demo-deploy"], "demo-deploy Succeeded"),
        ({"demo-deploy": ["Running", "Failed"]}, [], "demo-deploy Failed"),
        ({"demo-deploy": ["Failed"]}, ["demo-deploy-2"], "demo-deploy-2 Succeeded"),
        ({"demo-deploy": ["Succeeded"]}, ["demo-deploy-2"], "demo-deploy-2 Succeeded"),
        ({"demo-deploy": ["Failed"], "demo-deploy-2": ["Failed"]}, ["demo-deploy-3"], "demo-deploy-3 Succeeded"),
        ({"demo-deploy": ["Failed"], "demo-deploy-2": ["Pending", "Succeeded"]}, [], "demo-deploy-2 Succeeded"),
    ],
)
def test_an_earlier_verdict_is_not_taken_for_this_one(
    there: dict[str, list[str]], created: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docsrun_client, "POLL_SECONDS", 0)
    cluster: Any = Cluster(dict(there))
    docsrun = {"metadata": {"name": "demo-deploy", "namespace": "workflows"}, "spec": {}}
    assert docsrun_client.complete(cluster, docsrun)["message"] == message
    assert cluster.created == created


@pytest.mark.parametrize(("since", "created"), [(11, ["demo-uninstall-2"]), (10, []), (9, [])])
def test_a_verdict_from_after_the_step_began_is_its_own(since: int, created: list[str]) -> None:
    """Whoever was killed meanwhile takes it up."""
    cluster: Any = Cluster({"demo-uninstall": ["Failed"]})
    docsrun = {"metadata": {"name": "demo-uninstall", "namespace": "workflows"}, "spec": {}}
    began = datetime(2026, 1, 1, since, tzinfo=UTC)
    docsrun_client.complete(cluster, docsrun, since=began)
    assert cluster.created == created


def test_one_that_does_not_end_is_not_waited_for_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docsrun_client, "POLL_SECONDS", 0.01)
    cluster: Any = Cluster({"demo-uninstall": ["Pending"]})
    docsrun = {"metadata": {"name": "demo-uninstall", "namespace": "workflows"}, "spec": {}}
    with pytest.raises(StepError, match="demo-uninstall is Pending: demo-uninstall Pending after 0 s"):
        docsrun_client.complete(cluster, docsrun, 0.05)
