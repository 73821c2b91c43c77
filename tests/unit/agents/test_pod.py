"""The pod of an AgentRun holds nothing but the work, and its status says how it stands."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kubernetes_validate import validate

from implementation_dag.agents import client, pod, reconcile, verdict
from implementation_dag.docsrun.settings import Pods, Settings

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPEC: dict[str, Any] = {
    "image": "example.com/agents:1",
    "command": ["rex", "--goal=$(SECRET) $HOME"],
    "env": [{"name": "STAGE", "value": "rex"}, {"name": "TITLE", "value": "costs $(KEY)"}],
    "resources": {"limits": {"cpu": "1"}},
    "timeoutSeconds": 60,
    "workspaceSize": "1Gi",
    "key": "a" * 64,
}


def agentrun(name: str = "run-rex-123456", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "workflows", "uid": "u", "creationTimestamp": "2026-01-01T12:00:00Z"}
    labels = {"pr": "7", "implementation-dag.dev/fenced": "implementation-dag", "app": "x"}
    return {"metadata": metadata | {"labels": labels}, "spec": SPEC | spec}


SETTINGS = Settings(
    image="example.com/runtime:1",
    pull_policy="Always",
    release="implementation-dag",
    sidecar_resources={"limits": {"cpu": "1"}},
)


def built(item: dict[str, Any], pods: Pods | None = None) -> dict[str, Any]:
    return pod.build(item, replace(SETTINGS, box_pods=pods or Pods()))


def test_the_pod_is_what_the_api_server_takes() -> None:
    validate(built(agentrun()), "1.35", strict=True)


@pytest.mark.parametrize("seed", range(20))
def test_no_agentrun_can_ask_for_a_credential(seed: int) -> None:
    """Whatever the spec holds beside its known fields, the pod has no volume, variable or right to a secret."""
    chance = random.Random(seed)  # noqa: S311
    wishes: dict[str, Any] = {
        "serviceAccountName": "implementation-dag-controller",
        "volumes": [{"name": "x", "secret": {"secretName": "git"}}],
        "hostNetwork": True,
        "envFrom": [{"secretRef": {"name": "git"}}],
        "automountServiceAccountToken": True,
        "env": [{"name": "X", "value": "y", "valueFrom": {"secretKeyRef": {"name": "git", "key": "password"}}}],
    }
    made = built(agentrun(**{key: wishes[key] for key in chance.sample(sorted(wishes), 3)}))
    spec = made["spec"]
    assert [sorted(volume) for volume in spec["volumes"]] == [["emptyDir", "name"]] * 2
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("implementation-dag-box", False)
    assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"} & spec.keys()
    for text in ("secretKeyRef", "envFrom", "configMap", "projected"):
        assert text not in json.dumps(spec)


def test_only_the_policy_of_boxes_finds_it() -> None:
    labels = built(agentrun())["metadata"]["labels"]
    assert labels["implementation-dag.dev/boxed"] == "implementation-dag"
    assert "implementation-dag.dev/fenced" not in labels
    assert labels["pr"] == "7"
    assert "app" not in labels


def test_it_is_nobody_s_user_of_ours_where_the_platform_gives_one() -> None:
    assert built(agentrun())["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@pytest.mark.parametrize("agents", [False, True])
def test_an_agent_has_the_proxy_only_where_values_say_so(agents: bool) -> None:
    values = {"httpProxy": "", "httpsProxy": "http://proxy:3128", "noProxy": ".corp", "agents": agents}
    made = pod.build(agentrun(), replace(SETTINGS, proxy=json.dumps(values)))
    texts = [json.dumps(item) for item in [*made["spec"]["initContainers"], *made["spec"]["containers"]]]
    assert ["proxy:3128" in text for text in texts] == [False, agents, False]
    if agents:
        env = {item["name"]: item["value"] for item in made["spec"]["containers"][0]["env"]}
        assert env["HTTPS_PROXY"] == env["https_proxy"] == "http://proxy:3128"


def test_it_runs_where_values_say_and_nothing_else_of_it_changes() -> None:
    text = """{"nodeSelector": {"pool": "agents"}, "tolerations": [{"key": "agents"}],
    "labels": {"team": "a", "pr": "8"}, "annotations": {"example.com/a": "b"},
    "serviceAccountName": "other", "volumes": []}"""
    made, before = built(agentrun(), Pods.read(text)), built(agentrun())
    placed = {"nodeSelector": {"pool": "agents"}, "tolerations": [{"key": "agents"}]}
    assert made["spec"] == before["spec"] | placed
    assert made["metadata"]["labels"] == before["metadata"]["labels"] | {"team": "a"}
    assert made["metadata"]["annotations"] == {"example.com/a": "b"}
    validate(made, "1.35", strict=True)


def test_the_kubelet_expands_nothing() -> None:
    agent = built(agentrun())["spec"]["containers"][0]
    assert agent["command"][-1] == "--goal=$$(SECRET) $$HOME"
    assert {item["name"]: item["value"] for item in agent["env"]}["TITLE"] == "costs $$(KEY)"


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def standing(phase: str, ip: str = "10.0.0.9", **states: Any) -> dict[str, Any]:
    first = [{"name": "receive", "image": "r", "state": states["receive"]}] if "receive" in states else []
    rest = [
        {"name": key.replace("_", "-"), "image": "i", "state": value}
        for key, value in states.items()
        if key != "receive"
    ]
    status: dict[str, Any] = {"phase": phase, "initContainerStatuses": first, "containerStatuses": rest}
    return {
        "metadata": {"name": "x", "creationTimestamp": at(-40), "ownerReferences": [{"uid": "u"}]},
        "spec": {},
        "status": status | ({"podIP": ip} if ip else {}),
    }


RUNNING = {"running": {"startedAt": at(-20)}}
ENDED = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": at(-20), "finishedAt": at(-3)}}
KILLED = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": at(-20), "finishedAt": at(-3)}}
NOT_BEGUN = {"terminated": {"exitCode": 128, "reason": "StartError", "message": "failed to create shim task"}}
WAITING = {"waiting": {"reason": "PodInitializing"}}
NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (standing("Pending", ip="", receive=WAITING), ("Pending", "Starting")),
        (standing("Pending", ip="", receive=RUNNING), ("Pending", "Starting")),
        (standing("Pending", receive=RUNNING, agent=WAITING), ("Waiting", "Waiting")),
        (standing("Running", receive=ENDED, agent=RUNNING, hand_over=RUNNING), ("Running", "Running")),
        (standing("Running", receive=ENDED, agent=ENDED, hand_over=RUNNING), ("Ended", "Completed")),
        (standing("Running", receive=ENDED, agent=KILLED, hand_over=RUNNING), ("Ended", "OOMKilled")),
        (standing("Running", receive=ENDED, agent=NOT_BEGUN, hand_over=RUNNING), ("Failed", "StartError")),
        (standing("Pending", receive=ENDED, agent=NO_IMAGE), ("Failed", "ImagePullFailed")),
        (standing("Failed", receive=KILLED), ("Failed", "BoxFailed")),
        (standing("Failed", receive=ENDED, agent=ENDED, hand_over=KILLED), ("Failed", "BoxFailed")),
    ],
)
def test_how_it_stands(found: dict[str, Any], expected: tuple[str, str]) -> None:
    judged = verdict.judge(found, Settings(), NOW)
    assert (judged["phase"], judged["reason"]) == expected
    if expected[0] == "Ended":
        assert judged["agentSeconds"] == 17
        assert judged["exitCode"] == (137 if expected[1] == "OOMKilled" else 0)


def test_a_box_whose_agent_was_never_started_is_replaced() -> None:
    assert set(verdict.NOT_BEGUN) <= client.LOST


def test_an_agentrun_whose_step_is_gone_goes_after_its_time() -> None:
    limit = 60 + pod.MARGIN_SECONDS + reconcile.KEPT_SECONDS
    assert not reconcile.expired(agentrun(), NOW + timedelta(seconds=limit))
    assert reconcile.expired(agentrun(), NOW + timedelta(seconds=limit + 1))


def test_nothing_in_the_log_is_written_over(tmp_path: Path) -> None:
    log = tmp_path / "log"
    wrapper = pod.WRAPPER.replace("/work/log", str(log))
    agent = f"echo first; echo forged >>{log}; echo last"
    environment = {"PATH": "/usr/bin:/bin", "AGENT_TIMEOUT_SECONDS": "60"}
    subprocess.run(["sh", "-c", wrapper, "agent", "sh", "-c", agent], env=environment, check=True)
    assert log.read_text().split() == ["first", "forged", "last"]
