"""What keeps an application's pods from ever being ready, told early instead of after helm's time limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .revision import Own

# Waiting reasons of the kubelet that do not heal by themselves within a preview's patience.
FATAL_WAITING = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}
CRASHES = 3
Pod = dict[str, Any]


@dataclass(frozen=True)
class Graces:
    """Ages in seconds: from `start` on a pod must have its image and configuration, from `schedule` on its node."""

    start: float
    schedule: float


def trouble(seen: Own, graces: Graces, now: datetime | None = None) -> str | None:
    """Return in words what is wrong with the first hopeless pod of this deployment, or None.

    Quota and admission refusals are found in the events of ReplicaSets, StatefulSets and Jobs.
    """
    moment = now or datetime.now(UTC)
    for pod in seen.pods:
        age = (moment - _time(pod["metadata"]["creationTimestamp"])).total_seconds()
        if pod["metadata"].get("deletionTimestamp"):
            continue
        if found := _container_trouble(pod, age, graces.start) or _schedule_trouble(pod, age, graces.schedule):
            return f"pod {pod['metadata']['name']}: {found}"
    for event in seen.events:
        words = event.get("message") or ""
        if event.get("reason") == "FailedCreate" and ("forbidden" in words or "is invalid" in words):
            subject = event.get("involvedObject", {})
            return f"{subject.get('kind')} {subject.get('name')}: {words}{_hint(words)}"
    return None


def unready(seen: Own) -> str:
    """Say what each pod of this deployment lacks that is not ready, and what was last told of it; empty: nothing."""
    return "; ".join(
        f"pod {pod['metadata']['name']} {lack}{_last_event(pod, seen)}" for pod in seen.pods if (lack := _lack(pod))
    )


def _lack(pod: Pod) -> str:
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp") or status.get("phase") == "Succeeded":
        return ""
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    for container in containers:
        if waiting := container.get("state", {}).get("waiting"):
            return f"waits in container {container['name']}: {waiting.get('reason')}"
    for container in status.get("containerStatuses", []):
        if not container.get("ready"):
            return f"has container {container['name']} that is not ready (restarts: {container.get('restartCount', 0)})"
    return "" if containers else f"is {status.get('phase', 'Pending')}"


def _last_event(pod: Pod, seen: Own) -> str:
    """The last warning of the pod: of a volume that does not come, or a probe that fails."""
    told = [
        event
        for event in seen.events
        if event.get("type") == "Warning" and (event.get("involvedObject") or {}).get("uid") == pod["metadata"]["uid"]
    ]
    last = max(told, key=lambda event: str(event.get("lastTimestamp")), default=None)
    return f" ({last.get('reason')}: {last.get('message')})" if last else ""


def _hint(words: str) -> str:
    """A request above the limit that the chart did not write: the preview's default gives it one."""
    if "must be less than or equal to" in words and "limit" in words:
        return " (a container without limits gets those of value preview.limits.default)"
    return ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _container_trouble(pod: Pod, age: float, grace: float) -> str | None:
    status = pod.get("status", {})
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in FATAL_WAITING and age >= grace:
            words = waiting.get("message", "no message")
            return f"container {container['name']} ({container['image']}): {reason}: {words}"
        if reason == "CrashLoopBackOff" and container.get("restartCount", 0) >= CRASHES:
            last = container.get("lastState", {}).get("terminated") or {}
            return (
                f"container {container['name']} crashed {container['restartCount']} times, "
                f"last with exit code {last.get('exitCode')} ({last.get('reason')})"
            )
    return None


def _schedule_trouble(pod: Pod, age: float, grace: float) -> str | None:
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable" and age >= grace:
            return f"cannot be scheduled: {condition.get('message')}"
    return None
