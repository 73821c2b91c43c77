"""The local cluster's promises on the real machine: no-op, repair after kill -9, closed pods, nothing left.

Ends with a fresh cluster: what other tests installed is gone, so these run first or by themselves.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lab.cluster import components, health, leftovers, processes, status, teardown
from scripts.lab.cluster.settings import API_SERVICE_IP, INGRESS_SERVICE_IP, NODE_BRIDGE, NODE_IP, POD_BRIDGE, State

# So that a command that hangs is told from one that works.
COMMAND_SECONDS = 900.0


def cluster(command: str) -> str:
    """Run one command of scripts.lab.cluster; returns what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.lab.cluster", command],
        capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((".", "runtime"))},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def state() -> State:
    cluster("up")
    return State.from_environment()


def pid_of(state: State, name: str) -> int:
    current = processes.running(state, name)
    assert current is not None, f"{name} does not run"
    return current.pid


def test_a_second_up_does_nothing(state: State) -> None:
    before = {name: pid_of(state, name) for name in components.ADDRESSES}
    assert "already up" in cluster("up")
    assert {name: pid_of(state, name) for name in components.ADDRESSES} == before


@pytest.mark.parametrize("name", components.ADDRESSES)
def test_up_repairs_a_killed_component_and_touches_no_other(state: State, name: str) -> None:
    before = {other: pid_of(state, other) for other in components.ADDRESSES}
    os.kill(before[name], signal.SIGKILL)
    health.wait(state, f"end of {name}", lambda: processes.running(state, name) is None, 5)
    cluster("up")
    assert [row for row in status.rows(state) if row[2] != "ready"] == []
    after = {other: pid_of(state, other) for other in components.ADDRESSES}
    assert [other for other in after if after[other] != before[other]] == [name]


def test_down_leaves_nothing_and_up_brings_a_fresh_cluster(state: State) -> None:
    pids = {pid_of(state, name) for name in components.ADDRESSES} | teardown.container_processes()
    assert teardown.mounts_below(state.root)
    cluster("down")
    # The init process of the machine may take a moment to collect the dead; a zombie counts as gone.
    assert [pid for pid in pids if processes.start_time(pid) is not None] == []
    assert teardown.shims(state) == set()
    assert teardown.mounts_below(state.root) == []
    assert not state.root.exists()
    assert not Path(f"/sys/class/net/{NODE_BRIDGE}").exists()
    assert not Path(f"/sys/class/net/{POD_BRIDGE}").exists()
    assert [link.name for link in Path("/sys/class/net").iterdir() if link.name.startswith("veth")] == []
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    assert "idag" not in tables
    assert "kube-proxy" not in tables
    assert [root for root in teardown.cgroup_roots() if (root / "idag").exists()] == []
    assert leftovers.cni_results() == []
    assert leftovers.log_links(state) == []
    cluster("down")
    cluster("up")


def test_pods_reach_the_cluster_and_nothing_else(state: State) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.254", 9))  # sends nothing; tells the address with which this machine goes out
        own_address = probe.getsockname()[0]
    with socket.create_server((own_address, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((own_address, port), timeout=2):
            assert connects_from_a_pod(state, own_address, port) is False
    assert connects_from_a_pod(state, "192.0.2.254", 443) is False
    assert connects_from_a_pod(state, NODE_IP, 5000) is True
    assert connects_from_a_pod(state, API_SERVICE_IP, 443) is True
    assert connects_from_a_pod(state, INGRESS_SERVICE_IP, 443) is True


def connects_from_a_pod(state: State, address: str, port: int) -> bool:
    """Whether a TCP connection opens from inside a pod's network namespace."""
    namespace = next((state.containerd / "run" / "io.containerd.grpc.v1.cri" / "netns").iterdir())
    code = f"import socket; socket.create_connection(({address!r}, {port}), timeout=2)"
    done = subprocess.run(
        ["nsenter", f"--net={namespace}", sys.executable, "-c", code],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or "TimeoutError" in done.stderr, done.stderr
    return done.returncode == 0
