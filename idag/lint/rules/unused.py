"""IDAG3xx: declarations that nobody uses. A reader takes them for switches that do something."""

from __future__ import annotations

from collections.abc import Iterator

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope


@rule("IDAG301", "input that the template does not use", "a caller sets it and believes that it matters")
def unused_inputs(scope: Scope) -> Iterator[Hit]:
    """Parameters only: an artifact is used by being put in place."""
    for template in scope.templates:
        used = {name for _, name in template.variables()}
        # Inputs of a suspended step are what a person is shown, or fills in.
        if used & {"inputs.parameters", "inputs.parameters.json"} or template.kind == "suspend":
            continue
        for name in template.inputs("parameters"):
            if f"inputs.parameters.{name}" not in used:
                path = f"{template.path}.inputs.parameters[{name}]"
                yield Hit(template.address, path, f"template {template.name} does not use its input {name}")


@rule("IDAG302", "argument that the workflow does not use", "whoever submits it believes that it matters")
def unused_arguments(scope: Scope) -> Iterator[Hit]:
    """Nothing is said when a template outside the set is called, or somebody supplies outputs: they may read it."""
    everywhere = {name for template in scope.templates for _, name in template.variables()}
    for one in scope.workflows:
        if scope.leads_outside(one) or one.is_library or one.spec.get("workflowTemplateRef"):
            continue
        if everywhere & {"workflow.parameters", "workflow.parameters.json"}:
            continue
        if any(template.kind == "suspend" and template.outputs("parameters") for template in one.templates.values()):
            continue
        roots = [one.templates.get(str(one.spec.get(field))) for field in ("entrypoint", "onExit")]
        taken = {name for template in roots if template for name in template.inputs("parameters")}
        # Whatever stands beside the templates: defaults of other arguments, podSpecPatch, labels.
        text = str({**one.spec, "templates": None})
        for name in one.parameters:
            variable = f"workflow.parameters.{name}"
            if variable not in everywhere and name not in taken and variable not in text:
                path = f"{one.path}.arguments.parameters[{name}]"
                yield Hit(one.address, path, f"nothing uses the argument {name}")


@rule("IDAG303", "template that nothing runs", "dead code that is kept, reviewed and trusted all the same")
def unused_templates(scope: Scope) -> Iterator[Hit]:
    """Templates that neither entrypoint, exit handler or hooks lead to, nor another object of the set calls."""
    called = {
        (reference.get("name"), reference.get("template"))
        for template in scope.templates
        for task in template.tasks.values()
        if isinstance(reference := task.data.get("templateRef"), dict)
    }
    for one in scope.workflows:
        if one.is_library:
            continue
        roots = [one.spec.get("entrypoint")] + [name for owner, name in called if owner == one.name]
        running = one.reachable(roots) | one.exit_templates
        for name, template in one.templates.items():
            if name not in running:
                yield Hit(one.address, template.path, f"nothing runs template {name}")


@rule(
    "IDAG304", "output that nobody reads", "it looks like part of the interface, and breaks the step when it is missing"
)
def unused_outputs(scope: Scope) -> Iterator[Hit]:
    """Output parameters of called templates; those of an entrypoint or with a globalName are the workflow's own."""
    for one in scope.workflows:
        if one.is_library:
            continue
        for template in one.templates.values():
            callers = [
                (caller, task)
                for caller in one.templates.values()
                for task in caller.tasks.values()
                if task.data.get("template") == template.name
            ]
            read = {name for caller, _ in callers for _, name in caller.variables()}
            for name, output in template.outputs("parameters").items():
                used = any(
                    f"{kind}.{task.name}.outputs.parameters.{name}" in read
                    for _, task in callers
                    for kind in ("tasks", "steps")
                )
                if callers and not used and "globalName" not in output:
                    path = f"{template.path}.outputs.parameters[{name}]"
                    yield Hit(one.address, path, f"nobody reads output {name} of template {template.name}")
