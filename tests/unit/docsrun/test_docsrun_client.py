"""A step that is repeated follows the DocsRun that still runs, and begins anew where an earlier one ended."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from lightkube import ApiError
from lightkube.core.resource import NamespacedResource

from implementation_dag.base import kube
from implementation_dag.base.errors import StepError
from implementation_dag.docsrun import client as docsrun_client


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
        found: NamespacedResource = kube.DocsRun.from_dict({"status": {"phase": phase, "message": f"{name} {phase}"}})
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


def test_one_that_does_not_end_is_not_waited_for_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docsrun_client, "POLL_SECONDS", 0.01)
    cluster: Any = Cluster({"demo-uninstall": ["Pending"]})
    docsrun = {"metadata": {"name": "demo-uninstall", "namespace": "workflows"}, "spec": {}}
    with pytest.raises(StepError, match="demo-uninstall is Pending: demo-uninstall Pending after 0 s"):
        docsrun_client.complete(cluster, docsrun, 0.05)
