"""Submit the Workflow as a user would, follow it, and read what it left in the cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from idag.cluster.stages import Stage, read_stages
from implementation_dag.base.wait import rounds
from scripts.lab.errors import LabError
from scripts.lab.stand.environment import RELEASE_NAMESPACE, Environment
from scripts.lab.stand.release import RELEASE
from scripts.lab.stand.repository import REPO
from scripts.lab.stand.stages import overhead_seconds, own_work, wall_seconds

POLL_SECONDS = 1.0
RUN_LIMIT = 1200.0
RUN_PREFIX = "demo-"
# Names of the demo's Workflows begin with one of them: those submitted here, and those that a pull request starts.
RUN_PREFIXES = (RUN_PREFIX, f"{REPO}-")
ENDED = ("Succeeded", "Failed", "Error")


@dataclass(frozen=True)
class Finished:
    """A run that ended: `phase` is Argo's, `pods` counts its own pods, its DocsRuns' and its agents'."""

    name: str
    phase: str
    message: str
    stages: list[Stage]
    wall_seconds: float
    own_seconds: dict[str, float]
    overhead_seconds: float
    pods: int
    outputs: dict[str, str]

    def stage(self, name: str) -> Stage:
        """The stage of that name. Raises KeyError."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)


def submit(environment: Environment, arguments: dict[str, str]) -> str:
    """Create a Workflow from the WorkflowTemplate with these arguments; returns its name. Raises LabError."""
    parameters = [{"name": name, "value": value} for name, value in arguments.items()]
    manifest = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": RUN_PREFIX, "namespace": RELEASE_NAMESPACE, "labels": {"demo": "true"}},
        "spec": {"workflowTemplateRef": {"name": RELEASE}, "arguments": {"parameters": parameters}},
    }
    return environment.kubectl.create(manifest)


def read(environment: Environment, name: str) -> dict[str, Any]:
    """The Workflow. Raises LabError when it is not there."""
    found = environment.kubectl.get("workflows.argoproj.io", name, f"--namespace={RELEASE_NAMESPACE}")
    if found is None:
        raise LabError(f"workflow {RELEASE_NAMESPACE}/{name} is gone")
    return found


def follow(
    environment: Environment,
    names: Sequence[str],
    show: Callable[[dict[str, dict[str, Any]]], None],
    limit: float = RUN_LIMIT,
) -> dict[str, dict[str, Any]]:
    """Poll the Workflows until all ended, giving each state to `show`. Raises LabError after `limit` seconds."""
    for _ in rounds(limit, POLL_SECONDS):
        found = {name: read(environment, name) for name in names}
        show(found)
        if all(phase(workflow) in ENDED for workflow in found.values()):
            return found
    raise LabError(f"workflows {', '.join(names)} did not end within {limit:.0f} s")


def phase(workflow: dict[str, Any]) -> str:
    """Argo's phase of the Workflow, Pending before it has one."""
    return str((workflow.get("status") or {}).get("phase") or "Pending")


def finished(environment: Environment, workflow: dict[str, Any]) -> Finished:
    """What the cluster tells about a Workflow that ended. Raises LabError."""
    name = workflow["metadata"]["name"]
    pods = workflow_pods(environment, name)
    status, stages = workflow["status"], read_stages(workflow)
    # The box of each agent is gone by now.
    boxes = sum(bool(item.outputs.get("agent_seconds")) for item in stages)
    found = (status.get("outputs") or {}).get("parameters") or _entry_outputs(workflow)
    return Finished(
        name=name,
        phase=phase(workflow),
        message=str(status.get("message") or ""),
        stages=stages,
        wall_seconds=wall_seconds(workflow),
        own_seconds=own_work(workflow, pods),
        overhead_seconds=overhead_seconds(workflow, pods),
        pods=len(pods) + len(docsrun_pods(environment, name)) + boxes,
        outputs={str(item["name"]): str(item.get("value", "")) for item in found},
    )


def _entry_outputs(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Output parameters of the entry DAG: its node carries the workflow's own name."""
    nodes = (workflow.get("status") or {}).get("nodes") or {}
    node = nodes.get(workflow["metadata"]["name"]) or {}
    found: list[dict[str, Any]] = (node.get("outputs") or {}).get("parameters") or []
    return found


def workflow_pods(environment: Environment, name: str) -> list[dict[str, Any]]:
    """Pods of the Workflow's own steps."""
    selector = f"--selector=workflows.argoproj.io/workflow={name}"
    return environment.kubectl.items("pods", f"--namespace={RELEASE_NAMESPACE}", selector)


def docsrun_pods(environment: Environment, name: str) -> list[dict[str, Any]]:
    """Pods of the Jobs of the Workflow's DocsRuns, found by their owners, not by their labels."""
    kubectl, where = environment.kubectl, f"--namespace={RELEASE_NAMESPACE}"

    def owned(kind: str, owners: set[str]) -> list[dict[str, Any]]:
        return [
            item
            for item in kubectl.items(kind, where)
            if owners & {owner["uid"] for owner in item["metadata"].get("ownerReferences", [])}
        ]

    found = owned("docsruns.taskmaster.io", {read(environment, name)["metadata"]["uid"]})
    for kind in ("jobs", "pods"):
        found = owned(kind, {item["metadata"]["uid"] for item in found})
    return found
