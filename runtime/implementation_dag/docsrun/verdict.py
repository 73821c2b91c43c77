"""How a DocsRun stands, in words, read from its Job, its pods and their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from implementation_dag.base import moments

from .placing import unplaced
from .settings import Settings

Object = dict[str, Any]
FINAL = ("Succeeded", "Failed")
PHASES = ("Pending", "Running", *FINAL)
# Waiting reasons that mean: this image will not come.
PULL_REASONS = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable"}
CONFIG_REASONS = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
# What takes a preview's account away. A retry repeats what failed, and the step that makes previews did not.
REMOVED = (
    "the preview was removed, as cleanup does after a run that failed; start a new run (argo resubmit), or repeat it "
    "from there: argo retry WORKFLOW --restart-successful --node-field-selector templateName=provision"
)


@dataclass(frozen=True)
class Verdict:
    """`phase` is Pending, Running, Succeeded or Failed; `reason` is CamelCase; `message` is for people."""

    phase: str
    reason: str = ""
    message: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing can change any more."""
        return self.phase in FINAL


def judge(
    job: Object, pods: Sequence[Object], events: Sequence[Object], settings: Settings, now: datetime | None = None
) -> Verdict:
    """Return the verdict. `events` are those of the Job and its pods, `pods` at most one that counts."""
    if pods:
        return _pod(pods[-1], settings, now or moments.now())
    if refusal := next((event["message"] for event in reversed(events) if event.get("reason") == "FailedCreate"), ""):
        if "exceeded quota" in refusal:
            return Verdict("Failed", "QuotaExceeded", f"the quota of the namespace refuses the pod: {refusal}")
        account = job.get("spec", {}).get("template", {}).get("spec", {}).get("serviceAccountName", "")
        if account and f'serviceaccount "{account}" not found' in refusal:
            return Verdict("Failed", "AccountMissing", f"service account {account} is not there: {REMOVED}")
        return Verdict("Failed", "PodRefused", f"the API server refuses the pod: {refusal}")
    # The Job's own conditions count only without a pod: then the pod was lost under us.
    for condition in job.get("status", {}).get("conditions", []):
        if condition["type"] == "Failed" and condition["status"] == "True":
            return Verdict("Failed", "PodLost", f"the pod was deleted before it ended ({condition.get('message', '')})")
    if (
        job.get("status", {}).get("startTime")
        and job["status"].get("ready") is not None
        and job["status"].get("failed")
    ):
        return Verdict("Failed", "PodLost", "the pod was deleted before it ended")
    return Verdict("Pending", "Starting", "the Job has no pod yet")


def _pod(pod: Object, settings: Settings, now: datetime) -> Verdict:
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    phase = status.get("phase", "Pending")
    if phase == "Succeeded":
        return Verdict("Succeeded", "Completed", "the command ended with exit code 0")
    if status.get("reason") == "DeadlineExceeded":
        return Verdict("Failed", "DeadlineExceeded", f"not done within {pod['spec'].get('activeDeadlineSeconds')} s")
    if status.get("reason") == "Evicted":
        return Verdict("Failed", "Evicted", f"the node evicted pod {name}: {status.get('message', '')}")
    if phase == "Failed":
        return _failed(status, name)
    if verdict := cannot_start(pod, settings, now):
        return verdict
    if phase == "Running":
        return Verdict("Running", "Running", "the command is running")
    return Verdict("Pending", "Starting", f"pod {name} is starting")


def cannot_start(pod: Object, settings: Settings, now: datetime) -> Verdict | None:
    """Return why the pod will not start by itself: no image, no node, a container that cannot be made. None: it may."""
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    age = (now - moments.read(pod["metadata"]["creationTimestamp"])).total_seconds()
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting") or {}
        reason, words = waiting.get("reason", ""), waiting.get("message", "")
        if reason in PULL_REASONS and age >= settings.image_pull_grace:
            return Verdict(
                "Failed", "ImagePullFailed", f"image {container['image']} cannot be pulled: {reason}: {words}"
            )
        if reason in CONFIG_REASONS and age >= settings.image_pull_grace:
            return Verdict("Failed", "ContainerCannotStart", f"container {container['name']}: {reason}: {words}")
    words = unplaced(pod, age, settings.unschedulable_grace, settings.full_cluster_grace)
    return None if words is None else Verdict("Failed", "Unschedulable", f"no node takes pod {name}: {words}")


def _failed(status: Object, pod: str) -> Verdict:
    states = {
        item["name"]: item.get("state", {}).get("terminated") or {} for item in status.get("initContainerStatuses", [])
    }
    states |= {
        item["name"]: item.get("state", {}).get("terminated") or {} for item in status.get("containerStatuses", [])
    }
    for name in ("fetch", "run"):
        ended = states.get(name, {})
        if ended.get("reason") == "OOMKilled":
            return Verdict("Failed", "OutOfMemory", f"container {name} needed more memory than its limit")
        if name == "fetch" and ended.get("exitCode"):
            return Verdict("Failed", "FetchFailed", f"the source could not be fetched (exit code {ended['exitCode']})")
        if ended.get("exitCode"):
            return Verdict("Failed", "CommandFailed", f"the command ended with exit code {ended['exitCode']}")
    return Verdict(
        "Failed", "PodFailed", f"pod {pod} failed: {status.get('message') or status.get('reason') or 'no reason'}"
    )
