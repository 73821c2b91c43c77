"""How long a pod without a node is waited for; tests/api/test_placing.py asks the real scheduler for its words."""

from __future__ import annotations

import pytest

from implementation_dag.docsrun.placing import unplaced

BEFORE = "0/3 nodes are available: "
# What Kubernetes says where a node is full, and where none is large enough.
FULL = f"{BEFORE}1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: {BEFORE}" + (
    "1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod."
)
TOO_LARGE = f"{BEFORE}3 Insufficient cpu. preemption: {BEFORE}3 Preemption is not helpful for scheduling."
MANY = f"{BEFORE}3 Too many pods. not eligible due to preemptionPolicy=Never."
TAINTED = f"{BEFORE}3 node(s) had untolerated taint(s). preemption: {BEFORE}3 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(
    ("words", "reason", "patience"),
    [
        (FULL, "Unschedulable", 900),
        (MANY, "Unschedulable", 900),
        ("Scheduling is blocked due to non-empty scheduling gates", "SchedulingGated", 900),
        (TOO_LARGE, "Unschedulable", 60),
        (TAINTED, "Unschedulable", 60),
        ("", "Unschedulable", 60),
    ],
)
def test_other_pods_may_make_room_and_nothing_else_is_waited_for(words: str, reason: str, patience: float) -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": words}
    found = {"status": {"conditions": [condition]}}
    assert unplaced(found, patience - 1, 60, 900) is None
    assert unplaced(found, patience, 60, 900) == words


def test_one_that_has_its_node_lacks_none() -> None:
    assert unplaced({"status": {"conditions": [{"type": "PodScheduled", "status": "True"}]}}, 9999, 60, 900) is None
    assert unplaced({}, 9999, 60, 900) is None
