"""After helm: pods that stay. Helm looks at a moment, in which a container that crashes again and again runs too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from implementation_dag.base import moments
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.base.wait import rounds

from . import pods
from .revision import Own

# Longer than a program that cannot start takes to end.
STEADY_SECONDS = 10.0
POLL_SECONDS = 1.0
Object = dict[str, Any]


def wait(own: Callable[[], Own], graces: pods.Graces, patience: float, asked: bool) -> str:
    """Wait until all pods of this deployment stay ready; return in words what keeps one from it, empty: nothing.

    A pod that was restarted, and where nobody asks the application (`asked` is false) every pod, must have been ready
    for STEADY_SECONDS. Pods of Jobs come and go.
    """
    words = told = ""
    for left in rounds(patience + STEADY_SECONDS, POLL_SECONDS):
        try:
            seen = _running(own())
            lack = pods.trouble(seen, graces) or ""
            if lack or not (words := pods.unready(seen) or _young(seen, asked)):
                return lack
        except StepError as error:
            words = str(error)
        if left and words != told:
            say(f"waiting until pods stay ready: {words}")
            told = words
    return words


def _running(seen: Own) -> Own:
    kept = [pod for pod in seen.pods if all(o["kind"] != "Job" for o in pod["metadata"].get("ownerReferences") or [])]
    return Own(kept, seen.events, seen.replaces)


def _young(seen: Own, asked: bool) -> str:
    """The first pod that has not been ready for long enough."""
    now = datetime.now(UTC)
    for pod in seen.pods:
        status = pod.get("status", {})
        restarts = sum(item.get("restartCount", 0) for item in status.get("containerStatuses", []))
        since: Object = next((item for item in status.get("conditions", []) if item["type"] == "Ready"), {})
        begun = since.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"]
        age = (now - moments.read(begun)).total_seconds()
        ended = status.get("phase") == "Succeeded" or pod["metadata"].get("deletionTimestamp")
        if not ended and (restarts or not asked) and age < STEADY_SECONDS:
            return f"pod {pod['metadata']['name']} has not been ready for {STEADY_SECONDS:.0f} s (restarts: {restarts})"
    return ""
