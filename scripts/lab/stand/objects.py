"""Kubernetes objects the demo makes, and reads back."""

from __future__ import annotations

import base64
from pathlib import Path
from string import Template
from typing import Any

import yaml

from scripts.lab.kubectl import Kubectl

MANIFESTS = Path(__file__).parent / "manifests"
ROLLOUT = "120s"


def config_map(namespace: str, name: str, data: dict[str, str]) -> dict[str, Any]:
    """A ConfigMap of texts."""
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def secret(namespace: str, name: str, data: dict[str, str]) -> dict[str, Any]:
    """An opaque Secret of texts."""
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": encoded}


def read_secret(kubectl: Kubectl, namespace: str, name: str) -> dict[str, str]:
    """The texts of a Secret; empty when it is not there. Raises LabError."""
    found = kubectl.get("secret", name, f"--namespace={namespace}") or {}
    return {key: base64.b64decode(value).decode() for key, value in found.get("data", {}).items()}


def render(name: str, fields: dict[str, str]) -> list[dict[str, Any]]:
    """The objects of a manifest with its ${...} fields filled in."""
    text = Template((MANIFESTS / name).read_text()).substitute(fields)
    return [found for found in yaml.safe_load_all(text) if found]


def roll_out(kubectl: Kubectl, namespace: str, name: str) -> None:
    """Wait until a Deployment is ready. Raises LabError."""
    kubectl.run("rollout", "status", f"deployment/{name}", f"--namespace={namespace}", f"--timeout={ROLLOUT}")
