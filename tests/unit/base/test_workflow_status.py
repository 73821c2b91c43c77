"""A run's status is read from its Workflow as it stands: hostile words stay words, and what is missing is said."""

import base64
import gzip
import json
from typing import Any

import pytest

from implementation_dag.base import workflow_status
from implementation_dag.base.workflow_status import FAILED, OMITTED, SUCCEEDED, UNKNOWN

HOSTILE = '{{=sprig.repeat(6,\'pwn\')}} $(SETTINGS) \x1b[31m\u202e ","displayName":"x'


def node(name: str, phase: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "displayName": name.rpartition(".")[2], "phase": phase, "type": "Retry"} | more


NODES = {
    "a": node("demo", "Failed", finishedAt="2026-01-01T12:09:00Z"),
    "b": node("demo.set-params", "Succeeded", outputs={"parameters": [{"name": "COMMIT", "value": "c" * 40}]}),
    "c": node("demo.deploy", "Failed", message="No more retries left"),
    "d": node("demo.deploy(0)", "Error", type="Pod", message="node lost", finishedAt="2026-01-01T12:01:00Z"),
    "e": node("demo.deploy(1)", "Failed", type="Pod", message=HOSTILE, finishedAt="2026-01-01T12:02:00Z"),
    "f": node("demo.acceptance", "Omitted"),
    "g": node("demo.onExit", "Running"),
    "h": node("demo.onExit[0]", "Running"),
    "i": node("demo.onExit[0].evidence", "Running"),
}


def workflow(**status: Any) -> dict[str, Any]:
    stored = {"arguments": {"parameters": [{"name": "pr", "value": "1"}, {"name": "domain", "value": "example.com"}]}}
    spec = {"arguments": {"parameters": [{"name": "pr", "value": HOSTILE}, {"name": "later"}]}}
    status = {"startedAt": "2026-01-01T12:00:00Z", "storedWorkflowTemplateSpec": stored} | status
    return {"metadata": {"name": "demo", "uid": "u"}, "spec": spec, "status": status}


def packed(nodes: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(nodes).encode())).decode()


@pytest.mark.parametrize("status", [{"nodes": NODES}, {"compressedNodes": packed(NODES)}], ids=["plain", "compressed"])
def test_each_task_has_its_verdict(status: dict[str, Any]) -> None:
    found = workflow_status.of(workflow(**status), "Failed")
    assert found.verdicts == {"set-params": SUCCEEDED, "deploy": FAILED, "acceptance": OMITTED}
    assert found.verdict("implement") == OMITTED
    assert found.output("set-params", "COMMIT") == "c" * 40
    assert (found.started, found.ended) == ("2026-01-01T12:00:00Z", "2026-01-01T12:09:00Z")
    assert found.notes == ()


def test_a_failure_is_told_in_the_words_of_its_last_try_and_evaluates_nothing() -> None:
    found = workflow_status.of(workflow(nodes=NODES), "Failed")
    assert list(found.failures) == ["deploy"]
    assert found.failures["deploy"] == HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\x202e")


def test_a_long_message_is_cut() -> None:
    nodes = {"a": node("demo.deploy", "Failed", message="x" * 100_000)}
    assert len(workflow_status.of(workflow(nodes=nodes), "Failed").failures["deploy"]) < 2100


def test_a_stage_that_never_ended_has_failed() -> None:
    found = workflow_status.of(workflow(nodes={"a": node("demo.implement", "Running")}), "Failed")
    assert found.verdict("implement") == FAILED
    assert found.failures == {"implement": "did not end (Running)"}


def test_arguments_are_told_as_they_were_given() -> None:
    found = workflow_status.of(workflow(nodes=NODES), "Failed").parameters
    assert found["domain"] == "example.com"
    assert found["pr"].startswith("{{=sprig.repeat(6,'pwn')}} $(SETTINGS) \\x1b")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"offloadNodeStatusVersion": "fnv:1"}, "lie in Argo's database"),
        ({"compressedNodes": "AAAA"}, "compressed nodes cannot be read"),
        ({"compressedNodes": "no base64"}, "compressed nodes cannot be read"),
        ({"compressedNodes": base64.b64encode(gzip.compress(b"[" * 100_000)).decode()}, "cannot be read: maximum rec"),
        ({"compressedNodes": base64.b64encode(gzip.compress(b'{"x": null}')).decode()}, "no mapping of nodes"),
        ({}, "has no nodes"),
    ],
)
def test_nodes_that_cannot_be_read_are_said(status: dict[str, Any], words: str) -> None:
    found = workflow_status.of(workflow(**status), "Succeeded")
    assert words in found.notes[0]
    assert found.verdict("deploy") == UNKNOWN


def test_a_bomb_of_nodes_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_status, "NODES_LIMIT", 1000)
    found = workflow_status.of(workflow(compressedNodes=packed({"x": "y" * 5000})), "Failed")
    assert found.notes == ("the Workflow's nodes take more than 1000 bytes: left out",)
