"""Pods and their containers, wherever an object makes one: workloads, and Argo's container and script templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from idag.lint.shape import known
from idag.lint.workflow import Template, named
from idag.render.manifests import Object

# Argo mounts it, writable, into every container of a step (workflow/controller/workflowpod.go of Argo Workflows 4.0).
ARGO_FOLDER = "var-run-argo"
_POD_SPECS = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}


@dataclass(frozen=True)
class Container:
    """One container; `path` is where it stands in the object."""

    name: str
    data: Object
    path: str


@dataclass(frozen=True)
class Pod:
    """A pod that an object makes; `spec` has what Argo's templates and workflows name alike, besides containers.

    `shared` names the writable folders that all containers have besides those they mount: Argo's own.
    """

    address: str
    path: str
    spec: Object
    containers: tuple[Container, ...]
    shared: frozenset[str] = frozenset()

    @property
    def security(self) -> Object:
        """The pod's own securityContext."""
        return self.spec.get("securityContext") or {}

    @property
    def volumes(self) -> dict[str, Object]:
        """The pod's volumes by name."""
        return named(self.spec.get("volumes"))


def find_pods(address: str, at: Callable[[str], str], item: Object) -> Iterator[Pod]:
    """Yield the pod of a workload; `at` turns a path in it into one for the reader."""
    steps = _POD_SPECS.get(item["kind"])
    if not steps or not known(item):
        return
    spec: Any = item
    for step in steps:
        spec = spec.get(step) if isinstance(spec, dict) else None
    if isinstance(spec, dict):
        path = ".".join(steps)
        containers = tuple(
            Container(str(data.get("name")), data, at(f"{path}.{kind}[{data.get('name')}]"))
            for kind in ("initContainers", "containers", "ephemeralContainers")
            for data in spec.get(kind) or []
        )
        yield Pod(address, at(path), spec, containers)


def template_pod(template: Template) -> Pod | None:
    """The pod of an Argo template with a container, script or containerSet; None for others."""
    data = template.data
    single = [
        Container("main", data[kind], f"{template.path}.{kind}")
        for kind in ("container", "script")
        if isinstance(data.get(kind), dict)
    ]
    several = [
        Container(str(one.get("name")), one, f"{template.path}.{path}[{one.get('name')}]")
        for path, items in (
            ("containerSet.containers", (data.get("containerSet") or {}).get("containers")),
            ("initContainers", data.get("initContainers")),
            ("sidecars", data.get("sidecars")),
        )
        for one in items or []
    ]
    if not single and not (data.get("containerSet") or {}):
        return None
    own = template.workflow.spec
    volumes = [*(own.get("volumes") or []), *(data.get("volumes") or [])]
    security = template.setting("securityContext") or own.get("securityContext")
    spec = {"volumes": volumes, "securityContext": security, "hostNetwork": own.get("hostNetwork")}
    return Pod(template.address, template.path, spec, (*single, *several), frozenset({ARGO_FOLDER}))
