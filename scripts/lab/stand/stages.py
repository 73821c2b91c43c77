"""What a run's stages took: wall time, own work of the user's containers."""

from __future__ import annotations

from typing import Any

from idag.cluster.stages import moment, read_stages, task_of
from implementation_dag.contract.stages import CRITICAL_PATH

OWN_CONTAINERS = ("main",)


def wall_seconds(workflow: dict[str, Any]) -> float:
    """Seconds from the start of the Workflow to its end. Raises ValueError when it has not ended."""
    status = workflow.get("status") or {}
    start, end = moment(status.get("startedAt")), moment(status.get("finishedAt"))
    if start is None or end is None:
        raise ValueError(f"workflow {workflow['metadata']['name']} has not ended")
    return (end - start).total_seconds()


def container_seconds(pod: dict[str, Any], names: tuple[str, ...]) -> float:
    """Run time of the named containers of a pod, init containers too, from its status."""
    status = pod.get("status") or {}
    total = 0.0
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        ended = (container.get("state") or {}).get("terminated") or {}
        start, end = moment(ended.get("startedAt")), moment(ended.get("finishedAt"))
        if container["name"] in names and start and end:
            total += (end - start).total_seconds()
    return total


def own_work(workflow: dict[str, Any], pods: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds of own work of each stage on the critical path that had a pod: of an agent, what it says itself."""
    agents = {
        stage.name: float(stage.outputs["agent_seconds"])
        for stage in read_stages(workflow)
        if stage.outputs.get("agent_seconds")
    }
    work: dict[str, float] = {}
    for pod in pods:
        task = task_of(pod)
        if task in CRITICAL_PATH:
            work[task] = work.get(task, 0.0) + container_seconds(pod, OWN_CONTAINERS)
    work |= {task: seconds for task, seconds in agents.items() if task in work}
    return {task: work[task] for task in CRITICAL_PATH if task in work}


def overhead_seconds(workflow: dict[str, Any], pods: list[dict[str, Any]]) -> float:
    """Wall time of the run minus the own work of its stages."""
    return wall_seconds(workflow) - sum(own_work(workflow, pods).values())
