"""A cluster, and in it a release of the chart for the policies alone: no controller runs, no pod is started."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from implementation_dag import preview_objects
from scripts.cluster.__main__ import main as local_cluster
from scripts.demo import environment
from scripts.demo.kubectl import Kubectl
from scripts.toolchain import tool

ROOT = Path(__file__).resolve().parents[3]
RELEASE = "isolation-policies"
NAMESPACE = "isolation-policies"
VALUES = {
    "git": {"credentialsSecret": "git"},
    "docsrun": {
        "replicas": 0,
        "imageRepositories": ["registry.example.com/mkdocs"],
        "serviceAccounts": ["mkdocs"],
    },
    "agents": {"reference": {"enabled": True, "image": "example.com/agents:1"}},
    "preview": {"pullSecrets": ["registry"]},
    "policies": {
        "fenceKeepers": {"users": ["keeper@example.com"]},
        "annotations": {"accepted": {"zalando.org/skipper-filter": 'setResponseHeader("X-Frame-Options", "DENY")'}},
    },
}
IDENTITIES = {
    **{name: f"system:serviceaccount:{NAMESPACE}:{RELEASE}-{name}" for name in ("runner", "provisioner", "controller")},
    "reaper": f"system:serviceaccount:{NAMESPACE}:{RELEASE}-reaper",
    "deployer": f"system:serviceaccount:{NAMESPACE}:{RELEASE}-deployer.impl-isolation-pr-1",
    "administrator": "admin",
}
HOLD = "implementation-dag.dev/test"


def all_rights(user: str) -> list[str]:
    """Flags with which kubectl asks as `user` and RBAC lets everything pass: only admission is left to refuse."""
    return [f"--as={IDENTITIES.get(user, user)}", "--as-group=system:masters"]


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    """The cluster of KUBECONFIG, or the local one, brought up."""
    where = environment.describe(os.environ)
    if where.local:
        assert local_cluster(["up"]) == 0
    else:
        environment.confirm(where, os.environ, None)
    return where.kubectl


@pytest.fixture(scope="session")
def release(kubectl: Kubectl) -> Iterator[str]:
    """The release, with its policies in force; removed at the end."""
    flags = [f"--namespace={NAMESPACE}"] + ([f"--kubeconfig={kubectl.kubeconfig}"] if kubectl.kubeconfig else [])
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(VALUES, file)
        file.flush()
        chart = ROOT / "charts" / "implementation-dag"
        helm("upgrade", "--install", RELEASE, str(chart), "--create-namespace", f"--values={file.name}", *flags)
    try:
        yield RELEASE
    finally:
        helm("uninstall", RELEASE, "--ignore-not-found", "--wait", *flags)
        kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s")


def helm(*arguments: str) -> None:
    done = subprocess.run([str(tool("helm")), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def preview(name: str, release: str, host: str) -> dict[str, Any]:
    """The Namespace as the provision step makes it."""
    number = name.rpartition("-")[2]
    ownership = {"owner": "acme", "repo": "isolation", "pr": number, "host": host}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "preview": "true",
                "managed-by": "implementation-dag",
                "pr": number,
                "repo": "isolation",
                "workflow": "isolation",
                "implementation-dag.dev/release": release,
                "pod-security.kubernetes.io/enforce": "restricted",
            },
            "annotations": {f"implementation-dag.dev/{key}": value for key, value in ownership.items()},
        },
    }


KEPT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: kept}
spec:
  replicas: 0
  selector: {matchLabels: {app: kept}}
  template:
    metadata: {labels: {app: kept}}
    spec: {containers: [{name: kept, image: "example.com/kept:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: kept}
spec: {selector: {app: kept}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: kept}
spec:
  rules:
    - host: isolation-pr-1.preview.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: kept, port: {number: 80}}}}]}
"""


def apply(kubectl: Kubectl, user: str, items: list[dict[str, Any]], *flags: str) -> None:
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    kubectl.run("apply", "--server-side", "--filename=-", *all_rights(user), *flags, stdin=document)


@pytest.fixture(scope="session")
def previews(kubectl: Kubectl, release: str) -> Iterator[None]:
    """impl-isolation-pr-1 with its fences and something in it, -2 of another release, -3 on its way out."""
    host = "isolation-pr-{}.preview.example.com"
    others = preview("impl-isolation-pr-2", "other", host.format(2))
    leaving = preview("impl-isolation-pr-3", RELEASE, host.format(3))
    apply(kubectl, "provisioner", [preview("impl-isolation-pr-1", RELEASE, host.format(1)), leaving])
    apply(kubectl, "administrator", [others])
    template = kubectl.get("workflowtemplate", RELEASE, f"--namespace={NAMESPACE}")
    assert template
    (step,) = [item for item in template["spec"]["templates"] if item["name"] == "provision"]
    (text,) = [item["raw"]["data"] for item in step["inputs"]["artifacts"] if item["name"] == "fences"]
    fences = preview_objects.load(text, "impl-isolation-pr-1", host.format(1), {})
    apply(kubectl, "provisioner", fences)
    apply(kubectl, "deployer", list(yaml.safe_load_all(KEPT)), "--namespace=impl-isolation-pr-1")
    # A finalizer keeps this quota, and so the whole namespace, in the state of being deleted.
    quota = next(fence for fence in fences if fence["kind"] == "ResourceQuota")
    held = quota | {"metadata": {"name": "preview", "finalizers": [HOLD]}}
    apply(kubectl, "provisioner", [held], "--namespace=impl-isolation-pr-3")
    kubectl.run("delete", "namespace", "impl-isolation-pr-3", "--wait=false")
    try:
        yield
    finally:
        kubectl.run(
            "patch", "resourcequota", "preview", "--namespace=impl-isolation-pr-3", "--type=merge",
            '--patch={"metadata":{"finalizers":null}}', *all_rights("provisioner"),
        )  # fmt: skip
        names = [f"impl-isolation-pr-{number}" for number in (1, 2, 3)]
        kubectl.run("delete", "namespace", *names, "--ignore-not-found", "--timeout=120s")
