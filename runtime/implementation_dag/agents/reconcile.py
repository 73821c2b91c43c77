"""One look at an AgentRun: make sure of its pod, judge it. Safe to repeat at any moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import Pod

from implementation_dag.base import kube
from implementation_dag.docsrun.settings import Settings

from . import pod, verdict

Object = dict[str, Any]
# The step that started it deletes it; this long after its time it is gone even when that step was lost.
KEPT_SECONDS = 600


def reconcile(client: Client, agentrun: Object, settings: Settings) -> Object | None:
    """Return the next status of the AgentRun, or None when it stays as it is. Raises ApiError when the API does."""
    if ended(agentrun) or agentrun["metadata"].get("deletionTimestamp"):
        return None
    status = agentrun.get("status") or {}
    found = ensure_pod(client, agentrun, settings)
    following = found if "phase" in found else verdict.judge(found, settings)
    return following if following != status else None


def ensure_pod(client: Client, agentrun: Object, settings: Settings) -> Object:
    """Return the AgentRun's one pod, made now or before; a status, which has a phase, when there can be none."""
    metadata = agentrun["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    try:
        found = client.get(Pod, name, namespace=namespace)
    except ApiError as error:
        if error.status.code != 404:
            raise
        if agentrun.get("status"):
            return {"phase": "Failed", "reason": "PodLost", "message": f"pod {name} was deleted before it ended"}
        built = pod.build(agentrun, settings)
        try:
            found = client.create(cast(Pod, from_dict(built)))
        except ApiError as refused:
            if refused.status.code in (400, 403, 422):
                words = f"the API server refuses the pod: {refused.status.message}"
                return {"phase": "Failed", "reason": "PodRefused", "message": words}
            raise
    owners = [item.uid for item in (found.metadata and found.metadata.ownerReferences) or []]
    if metadata["uid"] not in owners:
        return {"phase": "Failed", "reason": "NameConflict", "message": f"a pod {name} exists that is another's"}
    return kube.as_dict(found)


def ended(agentrun: Object) -> bool:
    """Say whether the AgentRun's phase is final."""
    return (agentrun.get("status") or {}).get("phase") in verdict.FINAL


def expired(agentrun: Object, now: datetime | None = None) -> bool:
    """Say whether the step that should have deleted it is overdue."""
    created = datetime.fromisoformat(agentrun["metadata"]["creationTimestamp"].replace("Z", "+00:00"))
    limit = agentrun["spec"]["timeoutSeconds"] + pod.MARGIN_SECONDS + KEPT_SECONDS
    return bool(((now or datetime.now(UTC)) - created).total_seconds() > limit)
