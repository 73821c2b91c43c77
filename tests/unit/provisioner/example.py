"""A run as Argo has it, which waits for the provisioner."""

from __future__ import annotations

from typing import Any

from implementation_dag.contract import settings
from implementation_dag.provisioner.settings import Told

Object = dict[str, Any]
RELEASE, NAMESPACE = "implementation-dag", "workflows"
STARTED = "2026-01-01T00:00:00Z"


def node(step: str, outputs: tuple[str, ...] = ("outcome",), **changed: Any) -> Object:
    """A node of a suspend template."""
    parameters = [{"name": name, "valueFrom": {"supplied": {}}} for name in outputs]
    found = {
        "name": f"run-1.{step}",
        "type": "Suspend",
        "phase": "Running",
        "templateName": step,
        "startedAt": STARTED,
        "outputs": {"parameters": parameters},
    }
    return found | changed


def workflow(*nodes: Object, **changed: Any) -> Object:
    """A run of the release's template; `changed` are fields of its spec."""
    given = {"owner": "acme", "repo": "shop", "pr": "7"}
    stored = {"domain": "preview.example.com", "commit": "", "imageTag": "pr-{{workflow.parameters.pr}}"}
    spec = {"workflowTemplateRef": {"name": RELEASE}, "arguments": {"parameters": parameters(given)}}
    return {
        "metadata": {"name": "run-1", "namespace": NAMESPACE, "uid": "u", "resourceVersion": "5"},
        "spec": spec | changed,
        "status": {
            "phase": "Running",
            "nodes": {f"id-{number}": each for number, each in enumerate(nodes)},
            "storedWorkflowTemplateSpec": {"arguments": {"parameters": parameters(stored)}},
        },
    }


def parameters(given: dict[str, str]) -> list[Object]:
    """Parameters as Argo writes them."""
    return [{"name": name, "value": value} for name, value in given.items()]


def told(step_seconds: float = 600) -> Told:
    """What the chart tells the provisioner."""
    steps = settings.OfProvisioner(
        settings.Installation("1", "runtime:1", cluster_scoped=True),
        settings.Git("https://git.example.com"),
        settings.Namespace("cluster", "impl"),
        {},
        settings.Preview(24, "restricted", 60, (), {}, {}),
    )
    return Told(RELEASE, NAMESPACE, steps, "", step_seconds)
