"""What the pod security level `restricted` demands, for every pod that the controller makes.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a read-only root file system.
"""

from __future__ import annotations

from typing import Any


def pod(ids: dict[str, int]) -> dict[str, Any]:
    """Return the pod's own securityContext; `ids` are runAsUser, runAsGroup and fsGroup, as far as we choose them."""
    return {
        **ids,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container() -> dict[str, Any]:
    """Return the securityContext of each of its containers."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
