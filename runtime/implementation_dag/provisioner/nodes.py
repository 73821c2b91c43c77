"""The nodes of a Workflow that wait for the provisioner, and what answers one. Pure.

A Workflow is what somebody submitted: only a run of the release's own template counts, by its spec, and only nodes that
Argo made of its suspend templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from implementation_dag.base import moments, workflow_status
from implementation_dag.base.errors import ArgumentError
from implementation_dag.base.log import clean
from implementation_dag.contract.stages import WITHOUT_POD

from .model import Unreadable, Waiting

Object = dict[str, Any]
MESSAGE_LIMIT = 1000
RUNNING, SUCCEEDED, FAILED = "Running", "Succeeded", "Failed"


def is_run(workflow: Object, release: str) -> bool:
    """Say whether it is a run of the release's template that goes on, with no template of its own."""
    spec, metadata = workflow.get("spec") or {}, workflow["metadata"]
    reference = spec.get("workflowTemplateRef") or {}
    return (
        reference.get("name") == release
        and not reference.get("clusterScope")
        and not spec.get("templates")
        and not metadata.get("deletionTimestamp")
        and (workflow.get("status") or {}).get("phase") == RUNNING
    )


def waiting(workflow: Object, release: str) -> list[Waiting]:
    """Return the nodes that wait. Raises Unreadable where Argo keeps them elsewhere or packed."""
    if not is_run(workflow, release):
        return []
    status, name = workflow["status"], workflow["metadata"]["name"]
    if not status.get("nodes") and (status.get("compressedNodes") or status.get("offloadNodeStatusVersion")):
        raise Unreadable(
            f"run {name} is so large that Argo keeps its nodes packed or in its database (nodeStatusOffLoad): the "
            "provisioner answers none of them, and each fails when its time is over"
        )
    found = (status.get("nodes") or {}).items()
    return [_waiting(workflow, key, node) for key, node in found if _waits(workflow, node)]


def _waits(workflow: Object, node: Object) -> bool:
    return (
        (node.get("type"), node.get("phase")) == ("Suspend", RUNNING)
        and node.get("templateName") in WITHOUT_POD
        and not node.get("templateRef")
        and not _shut(workflow, str(node["name"]))
    )


def _shut(workflow: Object, node: str) -> bool:
    """Whether the run was told to stop before this node: only the exit handler of one that is stopped goes on."""
    shutdown = workflow["spec"].get("shutdown")
    return bool(shutdown) and not (shutdown == "Stop" and node.startswith(f"{workflow['metadata']['name']}.onExit"))


def _waiting(workflow: Object, key: str, node: Object) -> Waiting:
    metadata = workflow["metadata"]
    inputs = (node.get("inputs") or {}).get("parameters") or ()
    return Waiting(
        metadata["name"],
        metadata["uid"],
        key,
        node["templateName"],
        moments.read(node["startedAt"]),
        {each["name"]: _text(each.get("value", "")) for each in inputs},
    )


def given(workflow: Object) -> dict[str, str]:
    """Return the arguments of a run, its template's defaults included. Raises ArgumentError for one without value."""
    stored = (workflow.get("status") or {}).get("storedWorkflowTemplateSpec") or {}
    found: dict[str, str] = {}
    for spec in (stored, workflow["spec"]):
        for each in (spec.get("arguments") or {}).get("parameters") or ():
            if "valueFrom" in each:
                raise ArgumentError(f"parameter {clean(each['name'])!r} has valueFrom: must have a value")
            if "value" in each:
                found[each["name"]] = _text(each["value"])
    return found


def _text(value: Any) -> str:
    """A value as Argo reads it: what is no text stands for its JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def succeeded(workflow: Object, found: Waiting, outputs: Mapping[str, str], now: datetime) -> Object:
    """Return the patch that lets the node succeed, onto this version. Raises ArgumentError for an unknown output."""
    node = workflow["status"]["nodes"][found.node]
    wanted = (node.get("outputs") or {}).get("parameters") or ()
    if unknown := [each["name"] for each in wanted if each["name"] not in outputs]:
        raise ArgumentError(
            f"the run's template wants outputs that this release does not give: {', '.join(map(clean, unknown))}. "
            "Start the run anew: the release was upgraded in the middle of it"
        )
    filled = [
        {key: value for key, value in each.items() if key != "valueFrom"} | {"value": outputs[each["name"]]}
        for each in wanted
    ]
    return _patch(workflow, found, {"phase": SUCCEEDED, "outputs": {"parameters": filled}}, now)


def failed(workflow: Object, found: Waiting, words: str, now: datetime) -> Object:
    """Return the patch that lets the node fail with these words, onto this version."""
    return _patch(workflow, found, {"phase": FAILED, "message": workflow_status.bounded(words, MESSAGE_LIMIT)}, now)


def _patch(workflow: Object, found: Waiting, told: Object, now: datetime) -> Object:
    return {
        "metadata": {"resourceVersion": workflow["metadata"]["resourceVersion"]},
        "status": {"nodes": {found.node: told | {"finishedAt": moments.stamp(now)}}},
    }
