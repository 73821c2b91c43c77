"""The DocsRun that uninstalls a preview's release."""

from __future__ import annotations

from typing import Any


def spec(image: str, deployer: str, namespace: str, release: str) -> dict[str, Any]:
    """Return its spec. It runs as the preview's own deployer: a hostile release must not delete with our rights."""
    return {
        "image": image,
        "command": ["python3", "-m", "implementation_dag"],
        "args": ["helm-uninstall"],
        "env": [{"name": "NS", "value": namespace}, {"name": "RELEASE", "value": release}],
        "timeout": "4m",
        "serviceAccountName": deployer,
        "targetNamespace": namespace,
    }
