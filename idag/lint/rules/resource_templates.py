"""IDAG4xx: what Argo's resource templates cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.schemas import embedded

# Kinds that are done as soon as they are there.
_AT_ONCE = (
    *("ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    *("Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "Service"),
)


@rule(
    "IDAG401",
    "artifact output of a resource template",
    "the files lie in a pod that Argo never sees: the artifact is always missing",
)
def artifacts(scope: Scope) -> Iterator[Hit]:
    """Any `outputs.artifacts`."""
    for template in scope.templates:
        if template.kind == "resource":
            for name in template.outputs("artifacts"):
                path = f"{template.path}.outputs.artifacts[{name}]"
                yield Hit(template.address, path, f"a resource template cannot output the file of {name}")


@rule("IDAG402", "output by path of a resource template", "only jsonPath and jqFilter of the object can be outputs")
def outputs_by_path(scope: Scope) -> Iterator[Hit]:
    """Any output parameter with `valueFrom.path`."""
    for template in scope.templates:
        if template.kind == "resource":
            for name, output in template.outputs("parameters").items():
                if "path" in (output.get("valueFrom") or {}):
                    path = f"{template.path}.outputs.parameters[{name}]"
                    yield Hit(template.address, path, f"a resource template has no file for output {name}")


@rule(
    "IDAG403",
    "resource template that does not wait for its object",
    "the step succeeds as soon as the object exists, and hangs when it can never succeed; give both conditions",
)
def conditions(scope: Scope) -> Iterator[Hit]:
    """`create` and `apply` of kinds that take time need successCondition and failureCondition."""
    owners = {(one.address, one.path): one.item for one in scope.workflows}
    for template in scope.templates:
        resource = template.data.get("resource") or {}
        missing = [name for name in ("successCondition", "failureCondition") if not resource.get(name)]
        if template.kind != "resource" or resource.get("action") not in ("create", "apply") or not missing:
            continue
        owner = owners[(template.address, template.workflow.path)]
        kinds = [inner["kind"] for path, inner in embedded.find(owner) if f"[{template.name}]" in path]
        if not kinds or any(kind not in _AT_ONCE for kind in kinds):
            message = f"{' and '.join(kinds) or 'the object'} without {' and '.join(missing)}"
            yield Hit(template.address, f"{template.path}.resource", message)
