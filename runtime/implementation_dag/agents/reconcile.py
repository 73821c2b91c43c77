"""One look at an AgentRun: make sure of its pod, judge it. Safe to repeat at any moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lightkube import Client
from lightkube.resources.core_v1 import Pod

from implementation_dag.base import moments, owned
from implementation_dag.base.owned import Problem
from implementation_dag.docsrun.settings import Settings

from . import pod, verdict

Object = dict[str, Any]
# The step that started it deletes it; this long after its time it is gone even when that step was lost.
KEPT_SECONDS = 600
REASONS = {Problem.LOST: "PodLost", Problem.REFUSED: "PodRefused", Problem.TAKEN: "NameConflict"}


def reconcile(client: Client, agentrun: Object, settings: Settings) -> Object | None:
    """Return the next status of the AgentRun, or None when it stays as it is. Raises ApiError when the API does."""
    if ended(agentrun) or agentrun["metadata"].get("deletionTimestamp"):
        return None
    status = agentrun.get("status") or {}
    try:
        found = owned.ensure(client, Pod, agentrun, lambda: pod.build(agentrun, settings), made=bool(status))
        following = verdict.judge(found, settings)
    except owned.Cannot as error:
        following = {"phase": "Failed", "reason": REASONS[error.problem], "message": str(error)}
    return following if following != status else None


def ended(agentrun: Object) -> bool:
    """Say whether the AgentRun's phase is final."""
    return (agentrun.get("status") or {}).get("phase") in verdict.FINAL


def expired(agentrun: Object, now: datetime | None = None) -> bool:
    """Say whether the step that should have deleted it is overdue."""
    created = moments.read(agentrun["metadata"]["creationTimestamp"])
    limit = agentrun["spec"]["timeoutSeconds"] + pod.MARGIN_SECONDS + KEPT_SECONDS
    return bool(((now or moments.now()) - created).total_seconds() > limit)
