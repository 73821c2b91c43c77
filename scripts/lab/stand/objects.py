"""Kubernetes objects the demo makes, and reads back."""

from __future__ import annotations

import base64
from typing import Any

from scripts.lab.stand.kubectl import Kubectl


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
    """The texts of a Secret; empty when it is not there. Raises DemoError."""
    found = kubectl.get("secret", name, f"--namespace={namespace}") or {}
    return {key: base64.b64decode(value).decode() for key, value in found.get("data", {}).items()}
