"""A cluster of real control-plane processes whose nodes and pods KWOK plays: pods start at once and run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lightkube import Client
from lightkube.codecs import from_dict

from benchmarks.processes import running
from idag.toolchain import asset, tool
from scripts.lab.kubectl import Kubectl
from tests.api import server

NODES = 12
# Folders of KWOK's own stages: what becomes of nodes and pods.
STAGES = ("node", "lease", "pod")
# As a large node has them.
ROOM = {"cpu": "64", "memory": "512Gi", "pods": "250"}


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[Kubectl, dict[str, int]]]:
    """Give kubectl of etcd, kube-apiserver, kube-controller-manager, kube-scheduler and KWOK, and their processes."""
    with ExitStack() as stack:
        kubectl = stack.enter_context(server.running(folder, cached=True))
        processes = children("etcd", "kube-apiserver")
        given = f"--kubeconfig={kubectl.kubeconfig}"
        stages = [f"--config={path}" for name in STAGES for path in sorted(asset("kwok", name).glob("*-*.yaml"))]
        alone = (given, "--leader-elect=false", "--secure-port=0")
        for name, arguments in {
            "kube-controller-manager": (*alone, "--controllers=*,-validatingadmissionpolicy-status-controller"),
            "kube-scheduler": alone,
            "kwok": (given, "--manage-all-nodes=true", *stages),
        }.items():
            processes[name] = stack.enter_context(running(folder, name, [str(tool(name)), *arguments])).pid
        yield kubectl, processes


def children(*names: str) -> dict[str, int]:
    """Return the processes of those names that this one started."""
    pids = [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    found = {Path(f"/proc/{pid}/comm").read_text().strip(): pid for pid in pids}
    return {name: found[name] for name in names}


def nodes(client: Client) -> None:
    """Make the nodes that KWOK plays."""
    for number in range(NODES):
        metadata = {"name": f"node-{number}", "annotations": {"kwok.x-k8s.io/node": "fake"}}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata}
        client.create(from_dict(node | {"status": {"allocatable": ROOM, "capacity": ROOM}}))
