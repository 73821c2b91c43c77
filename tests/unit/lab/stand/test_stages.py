"""Times, states and costs of a run, from the JSON that the cluster gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from idag.cluster.stages import read_stages, task_of
from scripts.lab.stand.stages import container_seconds, overhead_seconds, own_work, wall_seconds


def at(second: int) -> str:
    return f"2026-11-24T00:{second // 60:02}:{second % 60:02}Z"


def node(name: str, phase: str, start: int, end: int | None, **more: Any) -> dict[str, Any]:
    found = {"displayName": name, "phase": phase, "startedAt": at(start), **more}
    return found if end is None else {**found, "finishedAt": at(end)}


def container(name: str, start: int, end: int) -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"startedAt": at(start), "finishedAt": at(end)}}}


def pod(task: str, init: list[dict[str, Any]], containers: list[dict[str, Any]]) -> dict[str, Any]:
    annotations = {"workflows.argoproj.io/node-name": f"demo-x.{task}(0)"}
    status = {"initContainerStatuses": init, "containerStatuses": containers}
    return {"metadata": {"annotations": annotations}, "status": status}


WORKFLOW: dict[str, Any] = {
    "metadata": {"name": "demo-x"},
    "status": {
        "startedAt": at(0),
        "finishedAt": at(100),
        "nodes": {
            "a": node("set-params", "Succeeded", 1, 6, outputs={"parameters": [{"name": "NS", "value": "n"}]}),
            "b": node("implement", "Failed", 10, 30, message="No more retries left"),
            "c": node("implement(0)", "Error", 10, 15, message="node lost"),
            "d": node("implement(1)", "Failed", 16, 30, message="Error (exit code 1)"),
            "e": node("remove-preview", "Running", 90, None),
        },
    },
}


def test_stages_are_in_order_with_the_last_trys_message_and_outputs() -> None:
    stages = read_stages(WORKFLOW, datetime(2026, 11, 24, 0, 1, 35, tzinfo=UTC))
    assert [(s.name, s.result, s.seconds) for s in stages] == [
        ("set-params", "Succeeded", 5.0),
        ("implement", "Failed", 20.0),
        ("clippy-format", "Pending", 0.0),
        ("qa-testing", "Pending", 0.0),
        ("provision", "Pending", 0.0),
        ("deploy", "Pending", 0.0),
        ("acceptance", "Pending", 0.0),
        ("remove-preview", "Running", 5.0),
    ]
    assert stages[0].outputs == {"NS": "n"}
    assert stages[1].message == "Error (exit code 1)"


def test_a_workflow_without_status_is_all_pending() -> None:
    assert {stage.result for stage in read_stages({"metadata": {"name": "x"}})} == {"Pending"}


def test_own_work_counts_the_users_containers_of_the_critical_path_only() -> None:
    argo = [container("init", 0, 3)]
    pods = [
        pod("qa-testing", argo, [container("main", 3, 16), container("wait", 3, 20)]),
        pod("deploy", argo, [container("main", 20, 50), container("wait", 20, 52)]),
        pod("provision", argo, [container("main", 5, 25)]),
        pod("onExit.remove-preview", argo, [container("main", 60, 80)]),
    ]  # fmt: skip
    assert own_work(WORKFLOW, pods) == {"qa-testing": 13.0, "deploy": 30.0}
    assert overhead_seconds(WORKFLOW, pods) == 100 - 43


def test_the_work_of_an_agent_in_a_box_is_what_the_stage_says() -> None:
    said = {"displayName": "qa-testing", "outputs": {"parameters": [{"name": "agent_seconds", "value": "9"}]}}
    silent = {"displayName": "implement", "outputs": {"parameters": [{"name": "agent_seconds"}]}}
    workflow = {"metadata": {"name": "x"}, "status": {"nodes": {"q": said, "i": silent}}}
    pods = [pod(name, [], [container("main", 3, 16)]) for name in ("implement", "qa-testing")]
    assert own_work(workflow, pods) == {"implement": 13.0, "qa-testing": 9.0}


def test_tries_of_a_stage_add_up() -> None:
    pods = [pod("deploy", [], [container("main", 0, 5)]), pod("deploy", [], [container("main", 10, 17)])]
    assert own_work(WORKFLOW, pods) == {"deploy": 12.0}


def test_a_container_that_runs_or_was_never_started_counts_nothing() -> None:
    running = {"name": "main", "state": {"running": {"startedAt": at(0)}}}
    assert container_seconds(pod("deploy", [], [running]), ("main",)) == 0.0
    assert container_seconds({"metadata": {}}, ("main",)) == 0.0


def test_task_of_a_pod() -> None:
    assert task_of(pod("onExit.evidence", [], [])) == "evidence"
    assert task_of({"metadata": {}}) == ""


def test_wall_time_needs_an_end() -> None:
    with pytest.raises(ValueError, match="demo-x has not ended"):
        wall_seconds({"metadata": {"name": "demo-x"}, "status": {"startedAt": at(0)}})
