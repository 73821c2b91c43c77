"""A run's stages as its Workflow tells them: states, times, outputs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from implementation_dag.base import moments
from implementation_dag.contract.stages import EXIT_TASKS, STAGES

FINISHED = ("Succeeded", "Failed", "Error", "Skipped", "Omitted")
NODE_NAME = "workflows.argoproj.io/node-name"


@dataclass(frozen=True)
class Stage:
    """One stage: `result` is Argo's phase, `seconds` from its node's start to its end (now when it runs)."""

    name: str
    result: str
    seconds: float
    message: str
    outputs: dict[str, str]


def moment(text: str | None) -> datetime | None:
    """Kubernetes' time (RFC 3339, UTC), None when there is none."""
    return moments.read(text) if text else None


def read_stages(workflow: dict[str, Any], now: datetime | None = None) -> list[Stage]:
    """The stages of a Workflow in their order, the exit handler's last; those without a node yet are Pending."""
    nodes: dict[str, Any] = (workflow.get("status") or {}).get("nodes") or {}
    by_name: dict[str, dict[str, Any]] = {}
    for node in nodes.values():
        # A task with retries has one node for itself and one per try, named `task(0)`.
        by_name.setdefault(str(node.get("displayName")), node)
    found = [_stage(item.task, by_name.get(item.task), by_name, now) for item in STAGES]
    return found + [_stage(name, by_name[name], by_name, now) for name in EXIT_TASKS if name in by_name]


def _stage(name: str, node: dict[str, Any] | None, nodes: dict[str, dict[str, Any]], now: datetime | None) -> Stage:
    if node is None:
        return Stage(name, "Pending", 0.0, "", {})
    start, end = moment(node.get("startedAt")), moment(node.get("finishedAt"))
    seconds = ((end or now or datetime.now(UTC)) - start).total_seconds() if start else 0.0
    message, tries = str(node.get("message") or ""), 0
    # The words of the last try say more than the retry node's.
    while (attempt := nodes.get(f"{name}({tries})")) is not None:
        message = str(attempt.get("message") or message)
        tries += 1
    parameters = (node.get("outputs") or {}).get("parameters") or []
    outputs = {str(item["name"]): str(item.get("value", "")) for item in parameters}
    return Stage(name, str(node.get("phase") or "Pending"), max(seconds, 0.0), message, outputs)


def task_of(pod: dict[str, Any]) -> str:
    """Name of the task a workflow's pod belongs to: `demo-x.qa-testing(0)` gives `qa-testing`."""
    name = str(pod["metadata"].get("annotations", {}).get(NODE_NAME, ""))
    return name.rpartition(".")[2].partition("(")[0]
