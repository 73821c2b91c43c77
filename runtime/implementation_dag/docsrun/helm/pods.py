"""What keeps an application's pods from ever being ready, told early instead of after helm's time limit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from implementation_dag.base import moments
from implementation_dag.docsrun.placing import unplaced

from .refusals import refusal
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
# What a volume is made of and the chart does not bring.
MISSING = re.compile(r"((?:secret|configmap) \"[^\"]*\" not found|references non-existent (?:secret|config) key: .*)")
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
        age = (moment - moments.read(pod["metadata"]["creationTimestamp"])).total_seconds()
        if pod["metadata"].get("deletionTimestamp") or pod.get("status", {}).get("phase") == "Succeeded":
            continue
        found = (
            _container_trouble(pod, age, graces.start)
            or _schedule_trouble(pod, age, graces.schedule, seen.events)
            or _mount_trouble(pod, age, graces.start, seen.events)
        )
        if found:
            return f"pod {pod['metadata']['name']}: {found}"
    return refusal(seen, graces.schedule, moment)


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
    for container in containers:
        if ended := _ended(container):
            return f"has container {container['name']} that ended with {ended}"
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


def _ended(container: dict[str, Any]) -> str:
    """How the container ended, when it is not to end so: a good end of an init container is none."""
    ended = (container.get("state") or {}).get("terminated") or {}
    return f"exit code {ended['exitCode']} ({ended.get('reason')})" if ended.get("exitCode") else ""


def _container_trouble(pod: Pod, age: float, grace: float) -> str | None:
    status = pod.get("status", {})
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in FATAL_WAITING and age >= grace:
            words = waiting.get("message", "no message")
            return f"container {container['name']} ({container['image']}): {reason}: {words}"
        # The kubelet says CrashLoopBackOff only for the last moment of each wait; before it is how the container ended.
        down = reason == "CrashLoopBackOff" or _ended(container) or _is_down(container, pod)
        if down and container.get("restartCount", 0) >= CRASHES:
            state = container["state"].get("terminated") or container.get("lastState", {}).get("terminated") or {}
            memory = ": it needs more memory than its limit" if state.get("reason") == "OOMKilled" else ""
            return (
                f"container {container['name']} crashed {container['restartCount']} times, "
                f"last with exit code {state.get('exitCode')} ({state.get('reason')}){memory}"
            )
    return None


def _is_down(container: dict[str, Any], pod: Pod) -> bool:
    """Whether a container that is to run for ever has ended, be it well."""
    for_ever = pod.get("spec", {}).get("restartPolicy", "Always") == "Always"
    main = container in pod["status"].get("containerStatuses", [])
    return for_ever and main and "terminated" in (container.get("state") or {})


def _schedule_trouble(pod: Pod, age: float, grace: float, events: list[dict[str, Any]]) -> str | None:
    # Where the cluster is full, helm's time limit ends the wait.
    words = unplaced(pod, age, grace, full_grace=math.inf)
    return None if words is None else f"cannot be scheduled: {words}{_claims(pod, events)}"


def _claims(pod: Pod, events: list[dict[str, Any]]) -> str:
    """What was last told of the pod's claims, which the scheduler's own words leave out."""
    volumes = pod.get("spec", {}).get("volumes") or []
    names = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}
    told = {
        subject["name"]: event.get("message")
        for event in events
        if (subject := event.get("involvedObject") or {}).get("kind") == "PersistentVolumeClaim"
        and subject.get("name") in names
    }
    return "".join(f"; claim {name}: {words}" for name, words in told.items())


def _mount_trouble(pod: Pod, age: float, grace: float, events: list[dict[str, Any]]) -> str | None:
    """A volume of a Secret or ConfigMap that is not there: like a variable of one, which the kubelet refuses itself."""
    if age < grace or pod.get("status", {}).get("phase") != "Pending":
        return None
    for event in events:
        mine = (event.get("involvedObject") or {}).get("uid") == pod["metadata"].get("uid")
        missing = MISSING.search(event.get("message") or "") if event.get("reason") == "FailedMount" and mine else None
        if missing:
            return f"cannot have its volume: {missing[1]}"
    return None
