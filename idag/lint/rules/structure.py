"""IDAG2xx too: what runs what, and in which order. Argo refuses such a workflow, or never ends it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from idag.lint.registry import Hit, rule
from idag.lint.scope import Scope
from idag.lint.workflow import Task, Template, Workflow
from idag.render.manifests import Object

_RESULTS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")


@rule(
    "IDAG207",
    "template that is not there",
    "Argo refuses the workflow; one that is named in an exit handler or hook is missed when it is needed most",
)
def missing_templates(scope: Scope) -> Iterator[Hit]:
    """Entrypoint, exit handlers, hooks, tasks and references into the set; those that lead outside it are not told."""
    for one in scope.workflows:
        yield from _roots(scope, one)
        for template in one.templates.values():
            if not template.kind:
                yield Hit(one.address, template.path, f"template {template.name} runs nothing")
            for task in template.tasks.values():
                yield from _task(scope, one, task)


def _roots(scope: Scope, one: Workflow) -> Iterator[Hit]:
    base = scope.base(one)
    is_elsewhere = base.spec.get("entrypoint") if base else one.spec.get("workflowTemplateRef")
    if one.is_run and not one.spec.get("entrypoint") and not is_elsewhere:
        yield Hit(one.address, one.path, "there is no entrypoint, so nothing can be run")
    for field in ("entrypoint", "onExit"):
        if _is_missing(scope, one, one.spec.get(field)):
            yield Hit(one.address, f"{one.path}.{field}", _words(one, one.spec[field]))
    for name, hook in (one.spec.get("hooks") or {}).items():
        yield from _called(scope, one, hook, f"{one.path}.hooks.{name}")


def _task(scope: Scope, one: Workflow, task: Task) -> Iterator[Hit]:
    if not {"template", "templateRef", "inline"} & task.data.keys():
        yield Hit(one.address, task.path, f"{task.name} names no template")
    yield from _called(scope, one, task.data, task.path)
    if _is_missing(scope, one, task.data.get("onExit")):
        yield Hit(one.address, f"{task.path}.onExit", _words(one, task.data["onExit"]))
    for name, hook in (task.data.get("hooks") or {}).items():
        yield from _called(scope, one, hook, f"{task.path}.hooks.{name}")


def _called(scope: Scope, one: Workflow, caller: Object, path: str) -> Iterator[Hit]:
    """A task or hook: `template`, or `templateRef` to what is in the set."""
    if _is_missing(scope, one, caller.get("template")):
        yield Hit(one.address, f"{path}.template", _words(one, caller["template"]))
    reference = caller.get("templateRef") or {}
    owner, name = scope.owner(reference), reference.get("template")
    if owner and name and "{{" not in name and name not in owner.templates:
        yield Hit(one.address, f"{path}.templateRef", f"{owner.address}: {_words(owner, name)}")


def _is_missing(scope: Scope, one: Workflow, name: Any) -> bool:
    if not isinstance(name, str) or "{{" in name or name in one.templates:
        return False
    if one.spec.get("workflowTemplateRef"):
        base = scope.base(one)
        return base is not None and name not in base.templates
    return True


def _words(one: Workflow, name: str) -> str:
    return f"there is no template {name}; there are {', '.join(one.templates) or 'none'}"


@rule(
    "IDAG208",
    "order that cannot be kept",
    "tasks that wait for each other or for one that is not there never start; what calls itself always never ends",
)
def impossible_order(scope: Scope) -> Iterator[Hit]:
    """`dependencies`, `depends` and `target` of dags, and templates that call themselves unconditionally."""
    for template in scope.templates:
        tasks = template.tasks
        told: set[frozenset[str]] = set()
        for task in tasks.values():
            there = ", ".join(name for name in tasks if name != task.name) or "none"
            for name in sorted(task.after - tasks.keys()):
                yield Hit(template.address, task.path, f"it waits for {name}, which is not there; there are {there}")
            circle = frozenset(name for name in task.before & tasks.keys() if task.name in tasks[name].before)
            if task.name in task.before and circle not in told:
                told.add(circle)
                message = f"in a circle, each waits for another: {', '.join(sorted(circle))}"
                yield Hit(template.address, task.path, message)
            for result in re.findall(r"[\w-]\.([A-Za-z]+)", task.data.get("depends") or ""):
                if result not in _RESULTS:
                    message = f"depends: no task ends as {result}; allowed are {', '.join(_RESULTS)}"
                    yield Hit(template.address, task.path, message)
        target = (template.data.get("dag") or {}).get("target") or ""
        for name in [] if "{{" in target else target.split():
            if name not in tasks:
                yield Hit(template.address, f"{template.path}.dag.target", f"there is no task {name}")
        if _calls_itself(template):
            message = f"{template.name} runs itself again, whatever comes out: no `when`"
            yield Hit(template.address, template.path, message)


def _calls_itself(template: Template) -> bool:
    local = template.workflow.templates
    seen: set[str] = set()
    waiting = [template]
    while waiting:
        for task in waiting.pop().tasks.values():
            conditional = {"when", "withItems", "withParam", "withSequence"} & task.data.keys()
            name = task.data.get("template")
            if conditional or "." in (task.data.get("depends") or "") or not isinstance(name, str):
                continue
            if name == template.name:
                return True
            if name in local and name not in seen:
                seen.add(name)
                waiting.append(local[name])
    return False


@rule("IDAG209", "name that is there twice", "Argo refuses the workflow, or the one that comes later wins unseen")
def names_twice(scope: Scope) -> Iterator[Hit]:
    """Templates of a workflow, tasks of a dag or steps, parameters and artifacts of inputs, outputs and arguments."""
    for one in scope.workflows:
        yield from _twice(one.address, f"{one.path}.templates", one.spec.get("templates"))
        arguments = one.spec.get("arguments") or {}
        for kind in ("parameters", "artifacts"):
            yield from _twice(one.address, f"{one.path}.arguments.{kind}", arguments.get(kind))
    for template in scope.templates:
        tasks = (template.data.get("dag") or {}).get("tasks")
        yield from _twice(template.address, f"{template.path}.dag.tasks", tasks)
        steps = [step for group in template.data.get("steps") or [] for step in group]
        yield from _twice(template.address, f"{template.path}.steps", steps)
        for side in ("inputs", "outputs"):
            for kind in ("parameters", "artifacts"):
                items = (template.data.get(side) or {}).get(kind)
                yield from _twice(template.address, f"{template.path}.{side}.{kind}", items)


def _twice(address: str, path: str, items: list[Object] | None) -> Iterator[Hit]:
    counts = Counter(item["name"] for item in items or [] if "name" in item)
    for name, count in counts.items():
        if count > 1:
            yield Hit(address, f"{path}[{name}]", f"{name} is there {count} times")
