"""Which nodes wait for the provisioner, and what an answer changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from implementation_dag.base.errors import ArgumentError
from implementation_dag.contract.stages import WITHOUT_POD
from implementation_dag.provisioner import nodes
from implementation_dag.provisioner.model import Unreadable

from .example import RELEASE, node, parameters, workflow

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("step", WITHOUT_POD)
def test_a_suspended_node_of_ours_waits(step: str) -> None:
    inputs = {"parameters": [{"name": "NS", "value": "impl-pr-7"}]}
    (found,) = nodes.waiting(workflow(node(step, inputs=inputs)), RELEASE)
    assert (found.workflow, found.uid, found.node, found.step) == ("run-1", "u", "id-0", step)
    assert found.inputs == {"NS": "impl-pr-7"}
    assert found.since == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "other",
    [
        node("provision", type="Pod"),
        node("provision", phase="Succeeded"),
        node("provision", phase="Pending"),
        node("approve"),
        node("provision", templateName=""),
        node("provision", templateRef={"name": "coderun-template", "template": "provision"}),
    ],
)
def test_no_other_node_does(other: dict[str, Any]) -> None:
    assert nodes.waiting(workflow(other), RELEASE) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"workflowTemplateRef": None},
        {"workflowTemplateRef": {"name": "another"}},
        {"workflowTemplateRef": {"name": RELEASE, "clusterScope": True}},
        {"templates": [{"name": "provision", "suspend": {}}]},
        {"shutdown": "Stop"},
        {"shutdown": "Terminate"},
    ],
)
def test_a_run_that_is_not_the_release_s_or_is_over_waits_for_nothing(changed: dict[str, Any]) -> None:
    assert nodes.waiting(workflow(node("provision"), **changed), RELEASE) == []


def test_a_run_that_was_deleted_or_has_ended_waits_for_nothing() -> None:
    run = workflow(node("provision"))
    run["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert nodes.waiting(run, RELEASE) == []
    run = workflow(node("provision"))
    run["status"]["phase"] = "Failed"
    assert nodes.waiting(run, RELEASE) == []
    assert nodes.waiting(run | {"status": None}, RELEASE) == []


@pytest.mark.parametrize(("shutdown", "waits"), [("Stop", True), ("Terminate", False)])
def test_of_a_run_that_is_stopped_the_exit_handler_goes_on(shutdown: str, waits: bool) -> None:
    run = workflow(node("remove-preview", name="run-1.onExit[1].remove-preview"), shutdown=shutdown)
    assert bool(nodes.waiting(run, RELEASE)) is waits


@pytest.mark.parametrize("kept", [{"compressedNodes": "H4sI"}, {"offloadNodeStatusVersion": "fnv:1"}])
def test_nodes_that_argo_keeps_elsewhere_are_told(kept: dict[str, str]) -> None:
    run = workflow()
    run["status"] |= kept
    with pytest.raises(Unreadable, match="so large that Argo keeps its nodes packed or in its database"):
        nodes.waiting(run, RELEASE)


def test_arguments_come_before_the_template_s_defaults() -> None:
    more = {"arguments": {"parameters": [*parameters({"pr": "8"}), {"name": "max_p95_ms", "value": 700}]}}
    found = nodes.given(workflow(**more))
    assert (found["pr"], found["domain"], found["max_p95_ms"]) == ("8", "preview.example.com", "700")


def test_an_argument_from_elsewhere_is_refused() -> None:
    more = {"arguments": {"parameters": [{"name": "pr", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "y"}}}]}}
    with pytest.raises(ArgumentError, match="parameter 'pr' has valueFrom"):
        nodes.given(workflow(**more))


def test_an_answer_fills_in_the_outputs_onto_the_version_that_was_read() -> None:
    run = workflow(node("provision"))
    (found,) = nodes.waiting(run, RELEASE)
    assert nodes.succeeded(run, found, {"outcome": "made", "more": "x"}, NOW) == {
        "metadata": {"resourceVersion": "5"},
        "status": {
            "nodes": {
                "id-0": {
                    "phase": "Succeeded",
                    "finishedAt": "2026-01-01T00:01:00Z",
                    "outputs": {"parameters": [{"name": "outcome", "value": "made"}]},
                }
            }
        },
    }


def test_an_output_of_an_older_release_is_told() -> None:
    run = workflow(node("provision", outputs=("outcome", "OLD")))
    (found,) = nodes.waiting(run, RELEASE)
    with pytest.raises(ArgumentError, match="wants outputs that this release does not give: OLD"):
        nodes.succeeded(run, found, {"outcome": "made"}, NOW)


def test_words_of_a_failure_are_bounded_and_drive_no_terminal() -> None:
    run = workflow(node("provision"))
    (found,) = nodes.waiting(run, RELEASE)
    told = nodes.failed(run, found, "\x1b[31m" + "x" * 2000, NOW)["status"]["nodes"]["id-0"]
    assert told["phase"] == "Failed"
    assert told["message"].startswith("\\x1b[31mxxx")
    assert len(told["message"]) < 1100
