"""The template that runs the agents: the platform's own, or the reference one."""

from __future__ import annotations

from typing import Any

from .finding import Finding, ok, problem

INPUTS = ("github-app", "commit", "branch")
OUTPUTS = ("commit",)


def interface(found: dict[str, Any] | None, name: str, template: str) -> Finding:
    """Tell whether the WorkflowTemplate `found`, named `name`, has `template` with the parameters that we use."""
    subject = f"{name}/{template}"
    one = next((item for item in found["spec"]["templates"] if item["name"] == template), None) if found else None
    if one is None:
        return problem(subject, "not there", "install your platform's, or set the value agents.reference.enabled")
    inputs = {item["name"] for item in one.get("inputs", {}).get("parameters", [])}
    outputs = {item["name"] for item in one.get("outputs", {}).get("parameters", [])}
    missing = [f"input {parameter}" for parameter in INPUTS if parameter not in inputs]
    missing += [f"output {parameter}" for parameter in OUTPUTS if parameter not in outputs]
    if missing:
        return problem(subject, f"lacks {', '.join(missing)}", "see docs/operator.md, coderun-template")
    return ok(subject, "has the interface")
