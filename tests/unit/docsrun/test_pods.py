"""A pod that can never be ready is told within seconds, with its reason."""

from datetime import UTC, datetime
from typing import Any

import pytest

from implementation_dag.docsrun.helm import pods
from implementation_dag.docsrun.helm.revision import Own

NOW = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


GRACES = pods.Graces(start=20, schedule=20)
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available: 1 node(s) had untolerated taint(s).",
}


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
    assert pods.trouble(own([pod(conditions=[UNSCHEDULABLE])]), GRACES, NOW) == (
        "pod app-1: cannot be scheduled: 0/1 nodes are available: 1 node(s) had untolerated taint(s)."
    )


def test_a_node_that_may_be_on_its_way_is_waited_for() -> None:
    assert pods.trouble(own([pod(conditions=[UNSCHEDULABLE])]), pods.Graces(start=20, schedule=31), NOW) is None


def test_room_in_a_full_cluster_is_waited_for() -> None:
    full = UNSCHEDULABLE | {"message": "0/1 nodes are available: 1 Insufficient cpu."}
    assert pods.trouble(own([pod(conditions=[full])]), GRACES, NOW) is None


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
    events: list[dict[str, Any]] = [
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


def ended(code: int, restarts: int, reason: str = "Error") -> dict[str, Any]:
    """A container as it is shown in most of the time between a crash and the next start."""
    state = {"terminated": {"exitCode": code, "reason": reason}}
    return {"name": "app", "image": "i", "state": state, "restartCount": restarts, "lastState": {}}


@pytest.mark.parametrize(("code", "reason"), [(137, "OOMKilled"), (0, "Completed"), (1, "Error")])
def test_a_crash_loop_is_told_while_the_container_is_down_not_only_when_the_kubelet_says_so(
    code: int, reason: str
) -> None:
    assert pods.trouble(own([pod(containerStatuses=[ended(code, 2, reason)])]), GRACES, NOW) is None
    found = pods.trouble(own([pod(containerStatuses=[ended(code, 3, reason)])]), GRACES, NOW)
    assert found
    assert found.startswith(f"pod app-1: container app crashed 3 times, last with exit code {code} ({reason})")
    assert found.endswith(": it needs more memory than its limit") == (reason == "OOMKilled")


def test_what_ends_well_is_no_crash_however_often_it_was_tried() -> None:
    done = ended(0, 5, "Completed")
    init = pod(phase="Running", initContainerStatuses=[done])
    job = pod(phase="Running", containerStatuses=[done]) | {"spec": {"restartPolicy": "OnFailure"}}
    assert pods.trouble(own([init, job, pod(phase="Succeeded", containerStatuses=[done])]), GRACES, NOW) is None


def test_a_hook_that_failed_is_told_with_its_exit_code() -> None:
    failed = pod(phase="Failed", containerStatuses=[ended(3, 0)])
    failed["metadata"]["uid"] = "1"
    assert pods.unready(own([failed])) == "pod app-1 has container app that ended with exit code 3 (Error)"


def event_of(kind: str, name: str, reason: str, message: str, **more: Any) -> dict[str, Any]:
    return {"reason": reason, "message": message, "involvedObject": {"kind": kind, "name": name, "uid": name}} | more


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ('MountVolume.SetUp failed for volume "s" : secret "no" not found', 'secret "no" not found'),
        ('MountVolume.SetUp failed for volume "s" : configmap "no" not found', 'configmap "no" not found'),
        ('MountVolume.SetUp failed for volume "s" : references non-existent secret key: x', None),
        ("MountVolume.MountDevice failed: driver is not registered yet", ""),
    ],
)
def test_a_volume_of_what_is_not_there_is_told_and_one_on_its_way_is_waited_for(words: str, found: str | None) -> None:
    waits = pod(phase="Pending")
    waits["metadata"]["uid"] = "app-1"
    seen = Own([waits], [event_of("Pod", "app-1", "FailedMount", words)])
    wanted = words.partition(" : ")[2] if found is None else found
    assert pods.trouble(seen, GRACES, NOW) == (f"pod app-1: cannot have its volume: {wanted}" if wanted else None)
    assert pods.trouble(seen, pods.Graces(31, 31), NOW) is None
    assert pods.trouble(own([waits]), GRACES, NOW) is None


def test_a_claim_that_is_not_bound_is_told_in_its_own_words() -> None:
    condition = UNSCHEDULABLE | {"message": "unbound PersistentVolumeClaims"}
    claims = [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}, {"name": "tmp", "emptyDir": {}}]
    waits = pod(conditions=[condition]) | {"spec": {"volumes": claims}}
    told = [event_of("PersistentVolumeClaim", name, "FailedBinding", "no class") for name in ("data-db-0", "other")]
    assert pods.trouble(Own([waits], told), GRACES, NOW) == (
        "pod app-1: cannot be scheduled: unbound PersistentVolumeClaims; claim data-db-0: no class"
    )
