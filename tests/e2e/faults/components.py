"""What happens to what all runs need: its processes are killed, and come back as an init brings them back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from io import BytesIO
from random import Random

from minio.error import MinioException
from urllib3.exceptions import HTTPError

from implementation_dag.base.wait import until
from scripts.lab.cluster import bringup, health, processes
from scripts.lab.cluster.settings import NODE_NAME
from scripts.lab.errors import LabError
from scripts.lab.stand.backends import BUCKET
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE
from scripts.lab.stand.release import RELEASE
from tests.e2e.faults.ground import DISK, Ground

# Deployments whose process is killed in its pod, and what the node runs itself.
IN_PODS = {
    "workflow-controller": ("argo", "workflow-controller"),
    "controller": (RELEASE_NAMESPACE, f"{RELEASE}-controller"),
    "provisioner": (RELEASE_NAMESPACE, f"{RELEASE}-provisioner"),
    "pull-requests": (RELEASE_NAMESPACE, f"{RELEASE}-pull-requests"),
    "receiver": (RELEASE_NAMESPACE, f"{RELEASE}-receiver"),
    "reaper": (RELEASE_NAMESPACE, f"{RELEASE}-reaper"),
    "ingress": ("ingress", "skipper"),
    "s3": (DEMO_NAMESPACE, "s3"),
    "git": (DEMO_NAMESPACE, "git"),
}
ON_NODE = (
    "kube-apiserver",
    "etcd",
    "kubelet",
    "containerd",
    "kube-controller-manager",
    "kube-scheduler",
)
# As long as an init, or a person, takes to start what has died.
DEAD_SECONDS = (1.0, 6.0)
HANG_SECONDS = 12.0
HEALTHY_SECONDS = 180.0
FILLER = "fill/disk"


def strike(ground: Ground, fault: str, chance: Random) -> None:
    """Let it happen, and let what brings it back do so. Raises LabError."""
    verb, _, name = fault.partition("-")
    dead = chance.uniform(*DEAD_SECONDS)
    if verb == "kill" and name in ON_NODE:
        _kill_on_node(ground, name, dead)
    elif verb == "kill":
        for pid in pids(ground, *IN_PODS[name]):
            os.kill(pid, signal.SIGKILL)
    else:
        OTHERS[fault](ground, dead)


def _kill_on_node(ground: Ground, name: str, dead: float) -> None:
    running = processes.running(ground.state, name)
    assert running, f"{name} does not run"
    os.kill(running.pid, signal.SIGKILL)
    assert until(lambda: processes.start_time(running.pid) != running.started, 10, 0.05), f"{name} lives on"
    time.sleep(dead)
    processes.start(ground.state, bringup.commands(ground.state)[name])
    health.wait(ground.state, name, lambda: health.component_ready(ground.state, name), HEALTHY_SECONDS, component=name)


def pids(ground: Ground, namespace: str, deployment: str) -> list[int]:
    """Return the processes of a Deployment's containers, as containerd has them. Raises LabError."""
    found = ground.named("deployments", deployment, namespace) or {}
    selector = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
    containers = {
        status["containerID"].rpartition("/")[2]
        for pod in ground.listed("pods", selector, namespace)
        for status in (pod.get("status") or {}).get("containerStatuses") or ()
        if status.get("containerID")
    }
    command = ["/usr/bin/ctr", f"--address={ground.state.containerd_socket}", "--namespace=k8s.io", "tasks", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found_pids = [int(words[1]) for words in map(str.split, lines) if words[0] in containers and words[2] == "RUNNING"]
    if not found_pids:
        raise LabError(f"{namespace}/{deployment} has no process")
    return found_pids


def _drain(ground: Ground, dead: float) -> None:
    """Drain the node; forge and S3 stay, whose disks end with their pods here as nowhere else."""
    kubectl = ground.place.kubectl
    try:
        # What does not go within its time, a protected pod for one, stays: so it is at any drain that is cut off.
        with contextlib.suppress(LabError):
            kubectl.run(
                "drain", NODE_NAME, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--grace-period=5",
                "--timeout=40s", "--pod-selector=app notin (s3,git)",
            )  # fmt: skip
        time.sleep(dead)
    finally:
        kubectl.run("uncordon", NODE_NAME)


def _fill(ground: Ground, _: float) -> None:
    """Let the disk of the evidence store be full for a while."""
    store, piece, filled = ground.session.store, 4 * 1024 * 1024, 0
    with contextlib.suppress(MinioException, HTTPError):
        for filled in range(DISK):
            store.put_object(BUCKET, f"{FILLER}-{filled}", BytesIO(bytes(piece)), piece)
    time.sleep(HANG_SECONDS)
    for number in range(filled + 1):
        store.remove_object(BUCKET, f"{FILLER}-{number}")
    assert 0 < filled < DISK - 1, f"the disk was not full after {filled} pieces"


def _hang_receiver(ground: Ground, dead: float) -> None:
    """Webhooks time out: who takes them is stopped, and goes on a while later."""
    stopped = pids(ground, *IN_PODS["receiver"])
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(HANG_SECONDS + dead)
    for pid in stopped:
        # The kubelet may have ended it by then.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _hang_admission(ground: Ground, dead: float) -> None:
    """An admission webhook of somebody else's does not answer, and nothing is let in without it."""
    webhook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "hangs"},
        "webhooks": [
            {
                "name": "hangs.example.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 2,
                # Of the networks that are for documentation: nobody answers.
                "clientConfig": {"url": "https://192.0.2.1/"},
                "rules": [
                    {
                        "apiGroups": ["", "apps", "batch", "taskmaster.io"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["pods", "configmaps", "secrets", "deployments", "jobs", "docsruns", "namespaces"],
                    }
                ],
            }
        ],
    }
    kubectl = ground.place.kubectl
    kubectl.create(webhook)
    try:
        time.sleep(HANG_SECONDS + dead)
    finally:
        kubectl.run("delete", "validatingwebhookconfiguration", "hangs")


OTHERS: dict[str, Callable[[Ground, float], None]] = {
    "drain-node": _drain,
    "fill-s3": _fill,
    "hang-receiver": _hang_receiver,
    "hang-admission-webhook": _hang_admission,
}


def restarts(ground: Ground) -> dict[str, int]:
    """Return how often each container of the Deployments has been started anew. Raises OSError."""
    return {
        f"{namespace}/{pod['metadata']['name']}/{status['name']}": int(status["restartCount"])
        for namespace in sorted({namespace for namespace, _ in IN_PODS.values()})
        for pod in ground.listed("pods", namespace=namespace)
        if any(owner["kind"] == "ReplicaSet" for owner in pod["metadata"].get("ownerReferences") or ())
        for status in (pod.get("status") or {}).get("containerStatuses") or ()
    }


def started_anew(ground: Ground, before: dict[str, int]) -> list[str]:
    """Return in words which containers were started anew since `before`. Raises OSError."""
    return [
        f"{name} was started anew {count - before[name]} times"
        for name, count in restarts(ground).items()
        if count > before.get(name, count)
    ]


def unready(ground: Ground) -> list[str]:
    """Return in words what of cluster and release is not ready."""
    states = {name: health.deployment_state(ground.state, *name) for name in IN_PODS.values()}
    found = [f"Deployment {'/'.join(name)} is {state}" for name, state in states.items() if state != "ready"]
    return found if health.node_ready(ground.state) else [*found, "the node is not ready"]
