"""How long a pod without a node is waited for: a full cluster has room again when other pods end."""

from __future__ import annotations

import re
from typing import Any

# In the scheduler's words: lacking as other pods have it, on a node where they could make room for this one.
# https://github.com/kubernetes/kubernetes/blob/v1.35.4/pkg/scheduler/framework/preemption/preemption.go
FULL = re.compile(r"Insufficient |Too many pods")
NO_NODE_EVER = re.compile(r"preemption: 0/(\d+) nodes are available: \1 Preemption is not helpful")


def unplaced(pod: dict[str, Any], age: float, grace: float, full_grace: float) -> str | None:
    """Return the scheduler's words of a pod that no node has taken in its time, else None.

    That is `grace` seconds, and `full_grace` where the cluster is full; one too large for every node has `grace`.
    Older schedulers call that full too.
    """
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            words = str(condition.get("message", ""))
            # Gated: another queue, as Kueue's, holds it back until its turn.
            gated = condition.get("reason") == "SchedulingGated"
            full = gated or (FULL.search(words) and not NO_NODE_EVER.search(words))
            return words if age >= (full_grace if full else grace) else None
    return None
