"""A pod that can never be ready is told within seconds, with its reason."""

from datetime import UTC, datetime
from typing import Any

import pytest

from implementation_dag.docsrun.helm import pods
from implementation_dag.docsrun.helm.revision import Own

NOW = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


GRACES = pods.Graces(start=20, schedule=20)


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "app-1", "creationTimestamp": "2026-01-01T12:00:00Z"}, "status": status}


def own(found: list[dict[str, Any]]) -> Own:
    return Own(found, [])


def waiting(reason: str, restarts: int = 0) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": "not found"}}
    return {"name": "app", "image": "registry/app:1", "state": state, "restartCount": restarts, "lastState": {}}


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"])
def test_names_the_image_and_the_reason(reason: str) -> None:
    found = pods.trouble(own([pod(containerStatuses=[waiting(reason)])]), GRACES, NOW)
    assert found == f"pod app-1: container app (registry/app:1): {reason}: not found"


def test_gives_a_young_pod_its_time() -> None:
    assert pods.trouble(own([pod(containerStatuses=[waiting("ErrImagePull")])]), pods.Graces(31, 31), NOW) is None


def test_a_crash_loop_is_told_after_three_crashes() -> None:
    assert pods.trouble(own([pod(containerStatuses=[waiting("CrashLoopBackOff", 2)])]), GRACES, NOW) is None
    found = pods.trouble(own([pod(containerStatuses=[waiting("CrashLoopBackOff", 3)])]), GRACES, NOW)
    assert found
    assert "crashed 3 times" in found


def test_unschedulable_in_the_scheduler_s_words() -> None:
    condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu."}
    assert pods.trouble(own([pod(conditions=[condition])]), GRACES, NOW) == (
        "pod app-1: cannot be scheduled: 0/1 nodes: Insufficient cpu."
    )


def test_a_node_that_may_be_on_its_way_is_waited_for() -> None:
    condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": "0/1 nodes: Insufficient cpu."}
    assert pods.trouble(own([pod(conditions=[condition])]), pods.Graces(start=20, schedule=31), NOW) is None


@pytest.mark.parametrize(
    ("status", "lack"),
    [
        ({"containerStatuses": [{"name": "app", "ready": True, "state": {"running": {}}}]}, ""),
        ({"phase": "Succeeded", "containerStatuses": [{"name": "job", "ready": False, "state": {}}]}, ""),
        ({"phase": "Pending"}, "pod app-1 is Pending"),
        ({"containerStatuses": [waiting("ContainerCreating")]}, "pod app-1 waits in container app: ContainerCreating"),
        (
            {"containerStatuses": [{"name": "app", "ready": False, "restartCount": 1, "state": {"running": {}}}]},
            "pod app-1 has container app that is not ready (restarts: 1)",
        ),
    ],
)
def test_what_helm_waited_for_in_vain_is_told(status: dict[str, Any], lack: str) -> None:
    found = pod(**status)
    found["metadata"]["uid"] = "1"
    assert pods.unready(own([found])) == lack
    subject = {"involvedObject": {"uid": "1"}}
    events = [
        subject
        | {"type": "Warning", "reason": "FailedMount", "message": "older", "lastTimestamp": "2026-01-01T12:00:00Z"},
        subject
        | {"type": "Warning", "reason": "FailedMount", "message": "no disk", "lastTimestamp": "2026-01-01T12:00:09Z"},
        subject | {"type": "Normal", "reason": "Pulled", "message": "x", "lastTimestamp": "2026-01-01T12:00:19Z"},
        {"type": "Warning", "involvedObject": {"uid": "2"}, "reason": "Other", "lastTimestamp": "2026-01-01T12:00:20Z"},
    ]
    assert pods.unready(Own([found], events)) == (lack and f"{lack} (FailedMount: no disk)")


def test_a_quota_refusal_is_found_in_the_events() -> None:
    event = {
        "reason": "FailedCreate",
        "message": 'pods "app-2" is forbidden: exceeded quota: preview',
        "involvedObject": {"kind": "ReplicaSet", "name": "app"},
    }
    found = pods.trouble(Own([], [event]), GRACES, NOW)
    assert found
    assert found.startswith("ReplicaSet app: pods")


def test_healthy_and_leaving_pods_are_no_trouble() -> None:
    leaving = pod(containerStatuses=[waiting("ErrImagePull")])
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:10Z"
    assert pods.trouble(own([pod(containerStatuses=[]), leaving]), GRACES, NOW) is None


def test_a_pod_that_is_invalid_by_the_preview_s_limits_is_told_with_their_value() -> None:
    event = {
        "reason": "FailedCreate",
        "message": 'Error creating: Pod "app-2" is invalid: spec.containers[0].resources.requests: '
        'Invalid value: "512Mi": must be less than or equal to memory limit of 256Mi',
        "involvedObject": {"kind": "ReplicaSet", "name": "app"},
    }
    found = pods.trouble(Own([], [event]), GRACES, NOW)
    assert found
    assert found.startswith("ReplicaSet app: Error creating")
    assert found.endswith("(a container without limits gets those of value preview.limits.default)")
