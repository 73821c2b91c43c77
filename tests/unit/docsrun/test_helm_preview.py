"""Looking into a preview outlives an API server that is away for a moment, and its end takes no verdict away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from lightkube import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Pod

from implementation_dag.base import wait
from implementation_dag.base.errors import StepError
from implementation_dag.docsrun.helm import deploy, preview
from implementation_dag.docsrun.helm.revision import Own


def answer(code: int) -> ApiError:
    status = {"kind": "Status", "code": code, "message": f"answer {code}", "reason": "Other"}
    return ApiError(response=httpx2.Response(code, json=status, request=httpx2.Request("GET", "https://cluster")))


class Cluster:
    """Answers lists of Pods with the errors given, then with one pod."""

    def __init__(self, errors: list[Exception]) -> None:
        self.errors = errors

    def list(self, kind: type, *, namespace: str) -> list[Pod]:
        if self.errors and kind is Pod:
            raise self.errors.pop(0)
        return [Pod(metadata=ObjectMeta(name="app", namespace=namespace))] if kind is Pod else []


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "CLOCK", SimpleNamespace(sleep=lambda _: None))


@pytest.mark.parametrize("errors", [[], [answer(503)], [httpx2.ConnectError("refused"), answer(429)]])
def test_an_api_server_that_is_away_for_a_moment_ends_nothing(errors: list[Exception]) -> None:
    cluster: Any = Cluster(errors)
    assert [pod["metadata"]["name"] for pod in preview.scene(cluster, "impl-pr-7").pods] == ["app"]


def test_a_kind_that_the_cluster_does_not_have_is_empty() -> None:
    cluster: Any = Cluster([answer(404)])
    assert preview.scene(cluster, "impl-pr-7").pods == []


def test_what_cannot_be_seen_is_told_beside_the_verdict() -> None:
    cluster: Any = Cluster([answer(500)] * 99)
    assert deploy.diagnosis(cluster, "impl-pr-7") == "cannot list Pods of impl-pr-7: answer 500 (Other)\n"

    def unseen() -> Own:
        raise StepError("cannot list Pods")

    assert deploy.still_unready(unseen) == "; cannot list Pods"
    assert deploy.still_unready(lambda: Own([], [])) == ""
