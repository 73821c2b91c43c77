"""What Kubernetes finds wrong with the policies' expressions, checked against the schemas of what they match."""

from __future__ import annotations

from typing import Any

from implementation_dag.base import wait
from scripts.lab.kubectl import Kubectl

from .previews import RELEASE

LOOKED_AT_SECONDS = 30


def faults(kubectl: Kubectl) -> dict[str, Any]:
    """Warnings by the name of each policy, `None` where there is none; waits until all were looked at."""
    for _ in wait.rounds(LOOKED_AT_SECONDS):
        found = kubectl.items("validatingadmissionpolicies", f"--selector=app.kubernetes.io/instance={RELEASE}")
        status = {item["metadata"]["name"]: item.get("status", {}) for item in found}
        waiting = [name for name, each in status.items() if "observedGeneration" not in each]
        if not waiting:
            return {name: each.get("typeChecking", {}).get("expressionWarnings") for name, each in status.items()}
    raise AssertionError(f"not looked at yet: {waiting}")
