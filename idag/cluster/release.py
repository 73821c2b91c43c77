"""The release of the chart that a command is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lightkube.core.resource import NamespacedResource
from lightkube.generic_resource import create_namespaced_resource

from idag.cluster.access import Access
from idag.cluster.errors import ClusterError
from implementation_dag.contract.stages import SET_PARAMS

Object = dict[str, Any]
WorkflowTemplate: type[NamespacedResource] = create_namespaced_resource(
    "argoproj.io", "v1alpha1", "WorkflowTemplate", "workflowtemplates"
)
# Of the chart's templates only the pipeline's own.
_LABELS = {"app.kubernetes.io/component": "workflow"}


@dataclass(frozen=True)
class Release:
    """An installed release: its pipeline's WorkflowTemplate, which bears its name."""

    access: Access
    namespace: str
    name: str
    template: Object


def find(access: Access, namespace: str = "", name: str = "") -> Release:
    """Return the release in the namespace, the context's own without one. Raises ClusterError when it is not one."""
    where = namespace or access.namespace
    found = access.items(f"WorkflowTemplates in namespace {where}", WorkflowTemplate, namespace=where, labels=_LABELS)
    named = {str(item["metadata"]["name"]): item for item in found if _is_pipeline(item)}
    if name and name not in named:
        raise ClusterError(f"namespace {where} has no release {name!r}; it has {', '.join(named) or 'none'}")
    if not named:
        other = "" if namespace else ", the context's own"
        raise ClusterError(f"no release in namespace {where}{other}: name the release's namespace with --namespace")
    if not name and len(named) > 1:
        raise ClusterError(f"namespace {where} has several releases, {', '.join(named)}: name one with --release")
    chosen = name or next(iter(named))
    return Release(access, where, chosen, named[chosen])


def _is_pipeline(template: Object) -> bool:
    templates = template.get("spec", {}).get("templates") or []
    return any(item.get("name") == SET_PARAMS.task for item in templates)
