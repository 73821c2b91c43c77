"""How an AgentRun stands, read from its pod."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from implementation_dag.base import moments
from implementation_dag.docsrun.settings import Settings
from implementation_dag.docsrun.verdict import cannot_start

Object = dict[str, Any]
FINAL = ("Ended", "Failed")
PHASES = ("Pending", "Waiting", "Running", *FINAL)
# What the container runtime says of a container that never ran: its exit code is no agent's.
NOT_BEGUN = ("StartError", "ContainerCannotRun", "ContainerStatusUnknown")


def judge(pod: Object, settings: Settings, now: datetime | None = None) -> Object:
    """Return the status: phase, reason and message, with `address` or `exitCode` once there is one.

    Pending: the pod is not there yet. Waiting: it waits for the source. Running: the agent works. Ended: it has ended
    with `exitCode`, and what it left can be taken home. Failed: nothing can be taken home.
    """
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    states = {
        item["name"]: item.get("state", {})
        for item in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    }
    if status.get("phase") in ("Failed", "Succeeded"):
        reason, words = status.get("reason") or "BoxFailed", status.get("message") or _last_words(states)
        return _status("Failed", reason, f"pod {name} of the agent ended too early: {words}")
    address = {"address": status["podIP"]} if status.get("podIP") else {}
    if ended := states.get("agent", {}).get("terminated"):
        reason = str(ended.get("reason") or "Completed")
        if reason in NOT_BEGUN:
            return _status("Failed", reason, f"the agent was not started: {ended.get('message', 'no reason is given')}")
        words = f"the agent ended with exit code {ended['exitCode']}"
        return (
            _status("Ended", reason, words) | address | {"exitCode": ended["exitCode"], "agentSeconds": _seconds(ended)}
        )
    if verdict := cannot_start(pod, settings, now or moments.now()):
        return _status("Failed", verdict.reason, verdict.message)
    if address and states.get("agent", {}).get("running"):
        return _status("Running", "Running", "the agent works") | address
    if address and states.get("receive", {}).get("running"):
        return _status("Waiting", "Waiting", "the box waits for the source") | address
    return _status("Pending", "Starting", f"pod {name} is starting")


def _status(phase: str, reason: str, message: str) -> Object:
    return {"phase": phase, "reason": reason, "message": message}


def _seconds(ended: Object) -> int:
    start, end = ended.get("startedAt"), ended.get("finishedAt")
    return round((moments.read(end) - moments.read(start)).total_seconds()) if start and end else 0


def _last_words(states: dict[str, Object]) -> str:
    ended = {name: state["terminated"] for name, state in states.items() if state.get("terminated")}
    return ", ".join(f"{name}: {item.get('reason')}, exit code {item['exitCode']}" for name, item in ended.items())
