"""What the pod security level `restricted` demands, for every pod that the controller makes.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a read-only root file system.
"""

from __future__ import annotations

from typing import Any

USER = 65532


def pod() -> dict[str, Any]:
    """Return the pod's own securityContext."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container() -> dict[str, Any]:
    """Return the securityContext of each of its containers."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
