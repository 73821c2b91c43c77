"""What the real scheduler says of pods that no node takes: a full node, one too small, one that is not for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.processes import running
from idag.toolchain import tool
from implementation_dag.base import wait
from implementation_dag.docsrun.placing import unplaced
from scripts.lab.kubectl import Kubectl

from . import server

WAITS, GIVES_UP = None, "nodes are available"
ROOM = {"cpu": "2", "memory": "1Gi", "pods": "3"}
TAINT = {"key": "theirs", "effect": "NoSchedule"}


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A cluster of two nodes, of which one takes no pod of ours and the other has a pod of one CPU."""
    folder = tmp_path_factory.mktemp("scheduler")
    with server.running(folder) as kubectl:
        command = [str(tool("kube-scheduler")), f"--kubeconfig={kubectl.kubeconfig}", "--leader-elect=false"]
        with running(folder, "kube-scheduler", [*command, "--secure-port=0"]):
            for name, taints in {"ours": [], "theirs": [TAINT]}.items():
                status = {"allocatable": ROOM, "capacity": ROOM}
                node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"taints": taints}}
                kubectl.create(node | {"status": status})
            # Admission calls new nodes unready; who would take that back is not here.
            kubectl.run("taint", "nodes", "--all", "node.kubernetes.io/not-ready-")
            kubectl.create(pod("first", {"cpu": "1"}))
            for _ in wait.rounds(60, 0.2):
                found = kubectl.get("pod", "first", "--namespace=default")
                if found and found["spec"].get("nodeName"):
                    break
            assert found
            assert found["spec"]["nodeName"] == "ours"
            yield kubectl


def pod(name: str, requests: dict[str, str], **spec: Any) -> dict[str, Any]:
    # Resources of other names must be limited to what is requested.
    limits = {resource: value for resource, value in requests.items() if "/" in resource}
    container = {"name": "main", "image": "none", "resources": {"requests": requests, "limits": limits}}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


CASES: dict[str, tuple[dict[str, str], dict[str, Any], str | None]] = {
    "full": ({"cpu": "1500m"}, {}, WAITS),
    "full-of-memory": ({"memory": "512Mi", "cpu": "1200m"}, {}, WAITS),
    "too-large": ({"cpu": "3"}, {}, GIVES_UP),
    "too-large-in-one": ({"cpu": "100m", "memory": "2Gi"}, {}, GIVES_UP),
    "no-such-resource": ({"cpu": "100m", "example.com/gpu": "1"}, {}, GIVES_UP),
    "no-such-node": ({"cpu": "100m"}, {"nodeSelector": {"disk": "fast"}}, GIVES_UP),
    "gated": ({"cpu": "100m"}, {"schedulingGates": [{"name": "example.com/queue"}]}, WAITS),
}


@pytest.mark.parametrize("case", CASES)
def test_a_full_node_is_waited_for_and_no_other(scheduled: Kubectl, case: str) -> None:
    requests, spec, expected = CASES[case]
    scheduled.create(pod(case, requests, **spec))
    for _ in wait.rounds(60, 0.2):
        found = scheduled.get("pod", case, "--namespace=default") or {}
        conditions = found.get("status", {}).get("conditions", [])
        if any(each["type"] == "PodScheduled" and each.get("message") for each in conditions):
            break
    assert unplaced(found, 30, 60, 900) is None
    words = unplaced(found, 61, 60, 900)
    assert (words is None) == (expected is None), conditions
    assert expected is None or expected in (words or "")
    assert unplaced(found, 901, 60, 900), conditions
