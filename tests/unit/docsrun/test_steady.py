"""Helm looks at a moment: a program that crashes again and again, or is restarted, is found after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from implementation_dag.base import wait
from implementation_dag.base.errors import StepError
from implementation_dag.docsrun.helm import pods, revision, steady
from implementation_dag.docsrun.helm.revision import Own, Scene

GRACES = pods.Graces(20, 60)
Object = dict[str, Any]


def pod(ready: bool = True, restarts: int = 0, age: float = 3600, owner: str = "ReplicaSet", **state: Any) -> Object:
    """A pod that has been as it is for `age` seconds."""
    since = (datetime.now(UTC) - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
    container = {
        "name": "app",
        "image": "i",
        "ready": ready,
        "restartCount": restarts,
        "state": state or {"running": {}},
    }
    return {
        "metadata": {
            "name": "app-1",
            "uid": "1",
            "creationTimestamp": since,
            "ownerReferences": [{"kind": owner, "uid": "x"}],
        },
        "status": {
            "phase": "Running",
            "containerStatuses": [container],
            "conditions": [{"type": "Ready", "lastTransitionTime": since}],
        },
    }


CRASHED: Object = {"terminated": {"exitCode": 1, "reason": "Error"}}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that goes on only where it is slept through."""
    now = [0.0]
    monkeypatch.setattr(
        wait, "CLOCK", SimpleNamespace(monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    )


def waited(*looks: list[Object] | StepError, asked: bool = True, patience: float = 5) -> str:
    """What comes of these looks, of which the last lasts."""
    coming: Iterator[list[Object] | StepError] = iter(looks)

    def own() -> Own:
        found = next(coming, looks[-1])
        if isinstance(found, StepError):
            raise found
        return Own(found, [])

    return steady.wait(own, GRACES, patience, asked)


def test_pods_that_were_never_restarted_need_no_time_where_somebody_asks_them() -> None:
    assert waited([pod(age=0)], patience=0) == ""


def test_where_nobody_asks_every_pod_must_have_been_ready_for_a_while() -> None:
    assert "app-1" in waited([pod(age=0)], asked=False)
    assert waited([pod(age=0)], [pod(age=11)], asked=False) == ""


def test_a_pod_that_was_restarted_must_have_been_ready_for_a_while() -> None:
    assert waited([pod(restarts=1, age=1)]) == "pod app-1 has not been ready for 10 s (restarts: 1)"
    assert waited([pod(restarts=1, age=1)], [pod(restarts=1, age=11)]) == ""


def test_one_that_crashes_again_and_again_is_told_with_its_exit_code_before_patience_ends() -> None:
    found = waited([pod(ready=False, **CRASHED)], [pod(ready=False, restarts=3, **CRASHED)], patience=60)
    assert found == "pod app-1: container app crashed 3 times, last with exit code 1 (Error)"


def test_one_that_stays_unready_is_told_at_the_end() -> None:
    assert waited([pod(ready=False)]) == "pod app-1 has container app that is not ready (restarts: 0)"


def test_pods_of_jobs_come_and_go_and_an_api_server_that_is_busy_is_asked_again() -> None:
    assert waited(StepError("busy"), [pod(ready=False, owner="Job", **CRASHED)]) == ""
    assert waited(StepError("busy")) == "busy"


def test_a_pod_that_its_node_evicted_is_not_waited_for_beside_a_good_one() -> None:
    good, evicted = pod(), pod()
    evicted["metadata"] |= {"name": "app-0", "uid": "0"}
    evicted["status"] = {"phase": "Failed", "reason": "Evicted"}
    scene = Scene([evicted, good], replicasets=[{"metadata": {"uid": "x"}}])
    assert steady.wait(lambda: revision.own(scene, Scene()), GRACES, 1, asked=True) == ""
