"""Custom resource definitions: Argo's are new enough, ours are those of this chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from implementation_dag.contract import supported

from .finding import Finding, ok, problem, unknown

Object = dict[str, Any]
ARGO = ("workflows", "workflowtemplates", "workflowtaskresults")
# A field of the newest Argo that our templates use, and where the CRD's schema has it.
FIELD = ("podGC", "deleteDelayDuration")
APPLY = "kubectl apply --server-side -f charts/implementation-dag/crds/{file}.yaml (Helm never upgrades CRDs)"


def check(read: Callable[[str], Object | None], ours: Iterable[Object]) -> Iterator[Finding]:
    """Look at the CRDs that `read` finds by name; `ours` are as the chart ships them."""
    missing = [name for name in ARGO if read(f"{name}.argoproj.io") is None]
    if missing:
        yield problem(
            "Argo CRDs", f"not there: {', '.join(missing)}", f"install Argo Workflows {supported.ARGO_IN_WORDS}"
        )
    else:
        yield argo_schema(read("workflowtemplates.argoproj.io") or {})
    for definition in ours:
        yield own_definition(read(definition["metadata"]["name"]), definition)


def argo_schema(crd: Object) -> Finding:
    """Tell whether the CRD WorkflowTemplate knows the fields that our templates use."""
    schema = crd["spec"]["versions"][0].get("schema", {}).get("openAPIV3Schema", {})
    spec = schema.get("properties", {}).get("spec", {})
    if "properties" not in spec:
        return unknown(
            "Argo CRDs", "installed in the minimal form, without a schema", "install the full CRDs to be sure"
        )
    if FIELD[1] not in spec["properties"].get(FIELD[0], {}).get("properties", {}):
        return problem(
            "Argo CRDs",
            f"too old: no field spec.{'.'.join(FIELD)}",
            f"apply the CRDs of Argo Workflows {supported.ARGO_IN_WORDS}",
        )
    return ok("Argo CRDs", "have the fields that the templates use")


def own_definition(found: Object | None, ours: Object) -> Finding:
    """Tell whether a CRD of ours is there as the chart ships it: versions, served, their schemas."""
    what, apply = f"{ours['spec']['names']['kind']} CRD", APPLY.format(file=ours["spec"]["names"]["plural"])
    if found is None:
        return problem(what, "not installed", apply)
    there = {version["name"]: version for version in found["spec"]["versions"]}
    for version in ours["spec"]["versions"]:
        name = version["name"]
        if name not in there or not there[name]["served"]:
            return problem(what, f"version {name} is not served", apply)
        if there[name]["schema"] != version["schema"]:
            return problem(what, f"version {name} has the schema of another version of this chart", apply)
    return ok(what, "is the one of this chart")
