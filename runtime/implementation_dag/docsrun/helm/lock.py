"""Helm's lock: a release that is pending refuses every other operation, for ever when its helm was killed.

Only the run that holds the preview comes here, and it runs one helm: whoever left the lock is an older run, or is gone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lightkube import Client
from lightkube.resources.core_v1 import Secret

from implementation_dag.base import kube, wait
from implementation_dag.base.log import say

REFUSAL = "another operation (install/upgrade/rollback) is in progress"
PATIENCE_SECONDS = 30
POLL_SECONDS = 2


def pending(client: Client, namespace: str, release: str) -> list[str]:
    """Return the names of the Secrets in which helm keeps revisions of the release that are pending."""
    wanted: Any = {"owner": "helm", "name": release}
    found = kube.persistently(
        "list helm's revisions", lambda: list(client.list(Secret, namespace=namespace, labels=wanted))
    )
    items = [kube.as_dict(item)["metadata"] for item in found]
    return [item["name"] for item in items if str(item["labels"].get("status")).startswith("pending-")]


def release(client: Client, namespace: str, name: str) -> None:
    """Wait a little for the other operation to end, then take its revision away. Raises StepError."""
    for _ in wait.rounds(PATIENCE_SECONDS, POLL_SECONDS):
        if not (left := pending(client, namespace, name)):
            return
        say(f"waiting for helm of an earlier run: {', '.join(left)}")
    for revision in left:
        say(f"{revision} is still pending after {PATIENCE_SECONDS} s: its run is superseded or killed, taking it away")
        kube.persistently(f"delete {revision}", partial(client.delete, Secret, revision, namespace=namespace))
