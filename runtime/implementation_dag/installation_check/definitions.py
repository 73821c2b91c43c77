"""Custom resource definitions: Argo's are new enough, ours is the one of this chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..finding import Finding, ok, problem, unknown

Object = dict[str, Any]
ARGO = ("workflows", "workflowtemplates", "workflowtaskresults")
DOCSRUNS = "docsruns.taskmaster.io"
# A field of the newest Argo that our templates use, and where the CRD's schema has it.
FIELD = ("podGC", "deleteDelayDuration")
APPLY = "kubectl apply --server-side -f charts/implementation-dag/crds/docsruns.yaml (Helm never upgrades CRDs)"


def check(read: Callable[[str], Object | None], docsruns: Object) -> Iterator[Finding]:
    """Look at the CRDs that `read` finds by name; `docsruns` is ours as the chart ships it."""
    missing = [name for name in ARGO if read(f"{name}.argoproj.io") is None]
    if missing:
        yield problem("Argo CRDs", f"not there: {', '.join(missing)}", "install Argo Workflows 3.7.14+ or 4.0.5+")
    else:
        yield argo_schema(read("workflowtemplates.argoproj.io") or {})
    yield docsrun_definition(read(DOCSRUNS), docsruns)


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
            "apply the CRDs of Argo Workflows 3.7.14+ or 4.0.5+",
        )
    return ok("Argo CRDs", "have the fields that the templates use")


def docsrun_definition(found: Object | None, ours: Object) -> Finding:
    """Tell whether the CRD DocsRun is there as the chart ships it: versions, served, their schemas."""
    if found is None:
        return problem("DocsRun CRD", "not installed", APPLY)
    there = {version["name"]: version for version in found["spec"]["versions"]}
    for version in ours["spec"]["versions"]:
        name = version["name"]
        if name not in there or not there[name]["served"]:
            return problem("DocsRun CRD", f"version {name} is not served", APPLY)
        if there[name]["schema"] != version["schema"]:
            return problem("DocsRun CRD", f"version {name} has the schema of another version of this chart", APPLY)
    return ok("DocsRun CRD", "is the one of this chart")
