"""What the checks look at, read once from the cluster with kubectl."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from idag.toolchain import tool

Object = dict[str, Any]
_LOGGED = re.compile(r"[EIWF]\d{4} ")


class NoCluster(Exception):
    """No cluster answers; the text says what to do."""


@dataclass
class Cluster:
    """A cluster as the checks see it; `namespace` is the release's.

    `ingress` is the address of the ingress controller where this machine cannot look up names below the domain.
    """

    namespace: str
    release: str
    version: str = ""
    ingress: str = ""
    objects: dict[str, list[Object]] = field(default_factory=dict)

    def named(self, kind: str, name: str) -> Object | None:
        """Return the object of that kind and name, or None."""
        return next((item for item in self.objects.get(kind, []) if item["metadata"]["name"] == name), None)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of all steps of the installed release, empty when it is not installed."""
        template = self.named("workflowtemplates", self.release) or {"spec": {"templates": []}}
        steps = [item.get("container", {}).get("env", []) for item in template["spec"]["templates"]]
        # Doubled, so that the kubelet leaves it alone.
        texts = [item["value"].replace("$$", "$") for env in steps for item in env if item["name"] == "SETTINGS"]
        return {name: section for text in texts for name, section in yaml.safe_load(text).items()}

    @property
    def fences(self) -> str:
        """The objects of each preview, as YAML; empty when the release is not installed."""
        inputs = self.step("provision").get("inputs", {}).get("artifacts", [])
        return next((str(item["raw"]["data"]) for item in inputs if item["name"] == "fences"), "")

    def step(self, name: str) -> dict[str, Any]:
        """Return a template of the release's WorkflowTemplate, empty when it is not there."""
        templates = (self.named("workflowtemplates", self.release) or {}).get("spec", {}).get("templates", [])
        return next((item for item in templates if item["name"] == name), {})


CLUSTER_WIDE = ("customresourcedefinitions", "ingressclasses", "namespaces")
NAMESPACED = ("configmaps", "secrets", "serviceaccounts", "workflowtemplates", "deployments", "networkpolicies")
# Of the API server itself.
KUBERNETES = ("service", "endpointslice")


def kubeconfig() -> str:
    """Return KUBECONFIG, or where kubectl looks without it. Raises NoCluster."""
    found = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if not any(Path(path).exists() for path in found.split(os.pathsep) if path):
        raise NoCluster(f"KUBECONFIG={found}: there is no such file")
    return found


def _kubectl(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(tool("kubectl")), "--request-timeout=10s", *arguments]
    # Not --kubeconfig: the variable may name several files, of which kubectl makes one.
    environment = {**os.environ, "KUBECONFIG": kubeconfig()}
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", env=environment, check=False
    )


def _list(kind: str, *flags: str) -> list[Object]:
    done = _kubectl("get", kind, "-o", "json", *flags)
    if done.returncode:
        return []
    items: list[Object] = json.loads(done.stdout)["items"]
    return items


def _reason(errors: str) -> str:
    """The line that says why: after the library's own log, before advice such as on a missing credential plugin."""
    lines = [line for line in errors.splitlines() if line.strip() and not _LOGGED.match(line)]
    return lines[0] if lines else "no answer"


def read(namespace: str, release: str, ingress: str) -> Cluster:
    """Return what is there; `ingress` is as in Cluster. Raises NoCluster when the API server does not answer."""
    done = _kubectl("version", "-o", "json")
    if done.returncode:
        raise NoCluster(f"the cluster of {kubeconfig()} does not answer: {_reason(done.stderr)}")
    version = json.loads(done.stdout)["serverVersion"]["gitVersion"]
    objects = {kind: _list(kind) for kind in CLUSTER_WIDE}
    for kind in ("deployments", "daemonsets"):
        objects[f"all {kind}"] = _list(kind, "--all-namespaces")
    for kind in KUBERNETES:
        objects[f"kubernetes {kind}"] = _list(kind, "--namespace=default", "--field-selector=metadata.name=kubernetes")
    objects |= {kind: _list(kind, "--namespace", namespace) for kind in NAMESPACED}
    return Cluster(namespace, release, version, ingress, objects)
