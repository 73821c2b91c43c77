"""IDAG2xx: variables that nobody fills. Argo leaves `{{...}}` as it is, or fails when the step is about to start."""

from __future__ import annotations

from collections.abc import Iterator

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.workflow import Template, Workflow

# All parameters at once, as JSON.
_WHOLE = ("workflow.parameters.json", "inputs.parameters.json")
_EXIT_ONLY = ("workflow.status", "workflow.failures")


@rule(
    "IDAG201",
    "output that nobody declares",
    "the step that reads it fails when the run has come that far, after everything before it was paid for",
)
def undeclared_outputs(scope: Scope) -> Iterator[Hit]:
    """Outputs of tasks and steps, and of the workflow (`globalName`)."""
    for template in scope.templates:
        for path, name in template.variables():
            parts = name.split(".")
            if parts[0] in ("tasks", "steps") and len(parts) >= 4 and parts[2] == "outputs":
                yield from _task_output(scope, template, path, parts)
            elif parts[:2] == ["workflow", "outputs"]:
                yield from _workflow_output(scope, template.workflow, path, parts)
    for one in scope.workflows:
        # `spec.outputs` does not exist, and samples on the web have it all the same.
        for path, name in Template(one, "", {"outputs": one.spec.get("outputs")}, one.path).variables():
            parts = name.split(".")
            if parts[:2] == ["workflow", "outputs"]:
                yield from _workflow_output(scope, one, path, parts)


@rule(
    "IDAG202",
    "variable out of scope",
    "tasks and steps can be read only in the dag or steps template they stand in; hand the value down as an input",
)
def out_of_scope(scope: Scope) -> Iterator[Hit]:
    """`tasks.` and `steps.` in leaf templates, `workflow.status` outside the exit handler."""
    for template in scope.templates:
        allowed = {"dag": "tasks", "steps": "steps"}.get(template.kind)
        for path, name in template.variables():
            root, _, rest = name.partition(".")
            if root in ("tasks", "steps") and rest not in ("", "name"):
                if root != allowed:
                    yield Hit(template.address, path, f"`{name}` cannot be read in a template of kind {template.kind}")
                elif rest.split(".")[0] not in template.tasks:
                    there = ", ".join(template.tasks)
                    yield Hit(template.address, path, f"`{name}`: there is no such one; there are {there}")
            elif name in _EXIT_ONLY and not _runs_at_the_end(template):
                yield Hit(template.address, path, f"`{name}` has a value only in the exit handler and in hooks")


@rule("IDAG203", "input or parameter that nobody declares", "Argo refuses the workflow, or leaves the braces standing")
def undeclared_inputs(scope: Scope) -> Iterator[Hit]:
    """`inputs.` of the template itself, `workflow.parameters.` of the workflow."""
    for template in scope.templates:
        known = template.workflow.parameters
        is_told = template.workflow.is_run and not template.workflow.spec.get("workflowTemplateRef")
        for path, name in template.variables():
            parts = name.split(".", 2)
            if name in _WHOLE:
                continue
            kind = parts[1] if len(parts) > 1 else ""
            if parts[0] == "inputs" and len(parts) == 3 and kind in ("parameters", "artifacts"):
                wanted = parts[2].split(".")[0] if kind == "artifacts" else parts[2]
                if wanted not in template.inputs(kind):
                    yield Hit(template.address, path, f"`{name}`: template {template.name} has no such input")
            elif is_told and parts[:2] == ["workflow", "parameters"] and len(parts) == 3 and parts[2] not in known:
                yield Hit(template.address, path, f"`{name}`: the workflow has no such argument")


@rule(
    "IDAG204",
    "entrypoint or exit handler with inputs that nobody gives",
    "they get the workflow's arguments and nothing else: cleanup then fails on every run",
)
def roots_without_inputs(scope: Scope) -> Iterator[Hit]:
    """Inputs of `entrypoint` and `onExit` that have no default and are no argument of the workflow."""
    for one in scope.workflows:
        # Another workflow may call a template's entrypoint and give the inputs; nobody calls an exit handler.
        for field in ("entrypoint", "onExit") if one.is_run else ("onExit",):
            template = one.templates.get(str(one.spec.get(field)))
            for name, parameter in (template.inputs("parameters") if template else {}).items():
                if not _has_value(parameter) and name not in one.parameters and template:
                    message = f"{field} {template.name}: nobody gives input {name}"
                    yield Hit(one.address, f"{template.path}.inputs.parameters[{name}]", message)


@rule("IDAG205", "argument that does not fit the template", "a mistyped name leaves the template's default in force")
def wrong_arguments(scope: Scope) -> Iterator[Hit]:
    """Arguments that the called template does not know, and inputs without default that get none."""
    for caller in scope.templates:
        for task in caller.tasks.values():
            called = scope.template(caller.workflow, task.data)
            if called is None:
                continue
            for kind, given in (("parameters", task.parameters), ("artifacts", task.artifacts)):
                declared = called.inputs(kind)
                for name in given.keys() - declared.keys():
                    message = f"template {called.name} has no input {name}; it has {', '.join(declared) or 'none'}"
                    yield Hit(caller.address, f"{task.path}.arguments.{kind}[{name}]", message)
                for name in declared.keys() - given.keys():
                    if not _has_value(declared[name]) and not declared[name].get("optional"):
                        yield Hit(caller.address, task.path, f"template {called.name} needs input {name}")


@rule("IDAG206", "output read before it is there", "without a dependency the reader may start first, and fails then")
def unordered_reads(scope: Scope) -> Iterator[Hit]:
    """A task reads another on which it does not depend, directly or by way of others."""
    for template in scope.templates:
        for task in template.tasks.values():
            for path, name in template.variables():
                parts = name.split(".")
                if parts[0] not in ("tasks", "steps") or len(parts) < 3 or parts[1] not in template.tasks:
                    continue
                inside = path.startswith(tuple(f"{task.path}.{field}" for field in ("arguments", "when", "with")))
                if inside and parts[1] not in task.before:
                    yield Hit(template.address, path, f"`{name}` is read, but {task.name} does not wait for it")


def _task_output(scope: Scope, template: Template, path: str, parts: list[str]) -> Iterator[Hit]:
    task = template.tasks.get(parts[1])
    called = scope.template(template.workflow, task.data) if task else None
    if called is None:
        return
    name, kind = ".".join(parts), parts[3]
    if kind == "result" and called.kind not in ("script", "container", "containerSet", "http", "data"):
        yield Hit(template.address, path, f"`{name}`: a template of kind {called.kind} has no result")
    if kind in ("parameters", "artifacts") and len(parts) >= 5:
        declared = called.outputs(kind)
        if parts[4] not in declared:
            there = ", ".join(declared) or "none"
            yield Hit(template.address, path, f"`{name}`: template {called.name} has {there}")


def _workflow_output(scope: Scope, one: Workflow, path: str, parts: list[str]) -> Iterator[Hit]:
    name = ".".join(parts)
    kind = parts[2] if len(parts) > 2 else ""
    if kind not in ("parameters", "artifacts") or len(parts) != 4:
        yield Hit(one.address, path, f"`{name}`: Argo knows only workflow.outputs.parameters.X and .artifacts.X")
        return
    declared = {output.get("globalName") for template in scope.templates for output in template.outputs(kind).values()}
    if parts[3] not in declared and not scope.leads_outside(one):
        yield Hit(one.address, path, f"`{name}`: no output has the globalName {parts[3]}")


def _runs_at_the_end(template: Template) -> bool:
    return template.name in template.workflow.exit_templates or template.workflow.is_library


def _has_value(parameter: dict[str, object]) -> bool:
    return any(
        field in parameter for field in ("value", "valueFrom", "default", "from", "path", "s3", "raw", "http")
    ) and (parameter.keys() - {"name", "path", "mode"} != set())
