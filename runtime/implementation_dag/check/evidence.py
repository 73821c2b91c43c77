"""Follow the test workflow: Argo runs it, and writes to and reads from the bucket with the configured secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from implementation_dag.base import wait

from .finding import Finding, ok, problem

Object = dict[str, Any]
POLL_SECONDS = 1.0
SUBJECT = "Argo and S3"


def check(read: Callable[[], Object], limit: float) -> Finding:
    """Wait at most `limit` seconds until the workflow that `read` returns has ended, and tell how."""
    for _ in wait.rounds(limit, POLL_SECONDS):
        status: Object = read().get("status") or {}
        phase = status.get("phase", "")
        if phase == "Succeeded":
            return ok(SUBJECT, "a workflow wrote to the bucket and read it back")
        if phase in ("Failed", "Error"):
            return problem(
                SUBJECT,
                f"the test workflow ended as {phase}: {_words(status)}",
                "see values evidence.s3; kubectl describe workflow and its pods' logs (container wait) say more",
            )
    return _overdue(status, limit)


def _overdue(status: Object, limit: float) -> Finding:
    if not status.get("phase"):
        return problem(
            SUBJECT,
            f"no controller took the test workflow up within {limit:.0f} s",
            "does Argo's workflow-controller run, and does it watch this namespace (--namespaced, instanceID)?",
        )
    return problem(
        SUBJECT,
        f"the test workflow did not end within {limit:.0f} s: {_words(status)}",
        "is the image pulled, is there a node with room, do the Secrets that evidence.s3 names exist?",
    )


def _words(status: Object) -> str:
    """Return what Argo says of the steps that did not succeed, else of the workflow."""
    nodes = (status.get("nodes") or {}).values()
    # The tries of a step fail alike: each cause is told once.
    told = {
        node["message"].strip(" ;"): f"{node['templateName']} is {node.get('phase', 'Pending')}"
        for node in nodes
        if node.get("type") == "Pod" and node.get("phase") != "Succeeded" and node.get("message")
    }
    words = [f"{step}: {message}" for message, step in sorted(told.items())]
    return "; ".join(words) or status.get("message") or f"it is {status.get('phase')}"
