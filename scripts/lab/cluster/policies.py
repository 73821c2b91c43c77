"""Enforce NetworkPolicies on the local cluster: the CNI's bridge does not, kube-router's policy controller does.

`enforce` starts it, `down` ends it and takes its rules away. A policy takes hold within a second of a pod's start;
until then the pod is open, as with every enforcer that learns of pods from the API server.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from idag.progress import Progress
from implementation_dag.base.wait import until
from scripts.lab.cluster import prerequisites, processes
from scripts.lab.cluster.processes import Command
from scripts.lab.cluster.settings import NODE_NAME, PATIENCE_SECONDS, SERVICE_CIDR, State
from scripts.lab.errors import LabError

NAME = "kube-router"
PACKAGES = {"iptables": "iptables", "ipset": "ipset"}
# All that kube-router makes has one of these in its name or its comment.
OURS = ("KUBE-ROUTER", "KUBE-POD-FW", "KUBE-NWPLCY", "kube-router netpol")
SETS = ("KUBE-SRC-", "KUBE-DST-")


def command(state: State, tool: Callable[[str], Path]) -> Command:
    """Only the policy controller: routes are the bridge's, services are kube-proxy's."""
    arguments = (
        str(tool(NAME)),
        f"--kubeconfig={state.admin_kubeconfig}",
        "--run-firewall=true",
        "--run-router=false",
        "--run-service-proxy=false",
        f"--hostname-override={NODE_NAME}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--iptables-sync-period=1m",
        "--metrics-port=0",
        "--health-port=0",
    )
    return Command(NAME, arguments)


def enforce(state: State, tool: Callable[[str], Path], progress: Progress) -> None:
    """Start the enforcer and wait for its first rules. Raises LabError, ToolError."""
    prerequisites.require_packages(progress, PACKAGES)
    if processes.start(state, command(state, tool)):
        until(lambda: "KUBE-POD-FW" in saved_rules() or not running(state), PATIENCE_SECONDS, 0.2)
        if "KUBE-POD-FW" not in saved_rules():
            raise LabError(f"{NAME} made no rules: {processes.last_lines(state, NAME)}")
    progress("network policies are enforced")


def running(state: State) -> bool:
    """Whether the enforcer runs."""
    return processes.running(state, NAME) is not None


def remove(state: State) -> list[str]:
    """End the enforcer and remove its rules and sets; returns what was removed, in words."""
    removed = [f"process {NAME}"] if processes.stop(state, NAME) else []
    rules = saved_rules()
    if any(mark in rules for mark in OURS):
        kept = [line for line in rules.splitlines() if not any(mark in line for mark in OURS)]
        _run("iptables-restore", "--table=filter", text="\n".join(kept) + "\n")
        if not any(line.startswith("-A") for line in kept):
            # Nobody else filters here: the empty table would be left of us.
            _run("nft", "delete", "table", "ip", "filter")
        removed.append("rules of network policies")
    for name in _run("ipset", "list", "-name").split() if shutil.which("ipset") else []:
        if name.startswith(SETS):
            _run("ipset", "destroy", name)
    return removed


def saved_rules() -> str:
    """The filter table in iptables' own words, empty where iptables is not installed."""
    return _run("iptables-save", "--table=filter") if shutil.which("iptables-save") else ""


def _run(*arguments: str, text: str = "") -> str:
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`{' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout
