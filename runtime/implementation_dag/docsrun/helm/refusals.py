"""Pods that the API server refuses to their owner: told by events of ReplicaSets, StatefulSets, DaemonSets and Jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from implementation_dag.base import moments

from .revision import Own

Object = dict[str, Any]


def refusal(seen: Own, patience: float, now: datetime) -> str | None:
    """Return in words the first refusal by quota, policy or validation that lasts, or None.

    Where pods of before have to give way, their quota comes back: for that `patience` seconds are waited.
    """
    for event in seen.events:
        words = event.get("message") or ""
        if event.get("reason") != "FailedCreate" or not ("forbidden" in words or "is invalid" in words):
            continue
        waits = seen.replaces and "exceeded quota" in words and _age(event, now) < patience
        if not waits and not _is_past(event, seen.pods):
            subject = event.get("involvedObject") or {}
            where = f"{subject['kind']} {subject.get('name')}: " if subject.get("kind") else ""
            return f"{where}{words}{_hint(words)}"
    return None


def _is_past(event: Object, pods: list[Object]) -> bool:
    """Whether its owner got a pod after the refusal, so that what was refused came about."""
    uid, last = (event.get("involvedObject") or {}).get("uid"), _moment(event, "lastTimestamp")
    return any(
        last is not None
        and any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences") or [])
        and moments.read(pod["metadata"]["creationTimestamp"]) > last
        for pod in pods
    )


def _age(event: Object, now: datetime) -> float:
    first = _moment(event, "firstTimestamp")
    return (now - first).total_seconds() if first else 0.0


def _moment(event: Object, field: str) -> datetime | None:
    """When it was told; some clients write eventTime alone."""
    text = event.get(field) or event.get("eventTime")
    return moments.read(text) if text else None


def _hint(words: str) -> str:
    """A request above the limit that the chart did not write: the preview's default gives it one."""
    if "must be less than or equal to" in words and "limit" in words:
        return " (a container without limits gets those of value preview.limits.default)"
    return ""
