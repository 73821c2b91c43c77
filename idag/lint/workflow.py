"""Argo's objects as the rules want to see them: workflows, templates, and the tasks of dags and steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from idag.lint import tags
from idag.render.manifests import Object
from idag.schemas.paths import describe

KINDS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
_DEPENDENCY = re.compile(r"[A-Za-z0-9][\w-]*")
_LEAVES = ("container", "script", "containerSet", "resource", "http", "data", "plugin")


def named(items: Any) -> dict[str, Object]:
    """Map a list of parameters, artifacts or the like by name; what has no name is left out."""
    found = items if isinstance(items, list) else []
    return {item["name"]: item for item in found if isinstance(item, dict) and isinstance(item.get("name"), str)}


@dataclass(frozen=True)
class Task:
    """One task of a dag or step of steps. `after` are the tasks that it names, `before` all that ended when it starts.

    In a circle of dependencies, a task is before itself.
    """

    name: str
    data: Object
    path: str
    after: frozenset[str]
    before: frozenset[str]

    @property
    def parameters(self) -> dict[str, Object]:
        return named((self.data.get("arguments") or {}).get("parameters"))

    @property
    def artifacts(self) -> dict[str, Object]:
        return named((self.data.get("arguments") or {}).get("artifacts"))


@dataclass(frozen=True)
class Template:
    """One template of a workflow; `path` is where it stands in the object."""

    workflow: Workflow
    name: str
    data: Object
    path: str

    @property
    def address(self) -> str:
        return self.workflow.address

    @property
    def kind(self) -> str:
        """container, script, containerSet, resource, http, data, plugin, dag, steps or suspend; else empty."""
        return next((kind for kind in (*_LEAVES, "dag", "steps", "suspend") if kind in self.data), "")

    @property
    def is_leaf(self) -> bool:
        """Whether it runs something itself."""
        return self.kind in _LEAVES

    def inputs(self, kind: str) -> dict[str, Object]:
        """Inputs by name; `kind` is parameters or artifacts."""
        return named((self.data.get("inputs") or {}).get(kind))

    def outputs(self, kind: str) -> dict[str, Object]:
        """Outputs by name; `kind` is parameters or artifacts."""
        return named((self.data.get("outputs") or {}).get(kind))

    def setting(self, *names: str) -> Any:
        """The first of the fields that the template or the workflow's templateDefaults has."""
        for source in (self.data, self.workflow.spec.get("templateDefaults") or {}):
            for name in names:
                if source.get(name) is not None:
                    return source[name]
        return None

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Tasks of the dag, or steps; empty for a leaf."""
        return {task.name: task for task in (*self._dag(), *self._steps())}

    def strings(self) -> Iterator[tuple[str, str]]:
        """Yield (path in the object, text) of every string that is not inside an inline template."""
        for path, text in tags.strings(self.data):
            if "inline" not in path:
                yield f"{self.path}.{describe(self.data, path)}", text

    def variables(self) -> tuple[tuple[str, str], ...]:
        """(path, variable) of everything the template refers to; half of the rules ask for it."""
        return self._variables

    @cached_property
    def _variables(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._find_variables())

    def _find_variables(self) -> Iterator[tuple[str, str]]:
        for path, text in self.strings():
            for tag in tags.find(text):
                for name in tag.variables:
                    yield path, name
            if path.endswith((".expression", ".fromExpression")):
                for name in tags.in_expression(tags.replaced(text, "")):
                    yield path, name

    def _dag(self) -> Iterator[Task]:
        tasks = named((self.data.get("dag") or {}).get("tasks"))
        direct = {
            name: frozenset(task.get("dependencies") or _DEPENDENCY.findall(_without_results(task.get("depends", ""))))
            for name, task in tasks.items()
        }
        for name, task in tasks.items():
            before: set[str] = set()
            waiting = list(direct[name])
            while waiting:
                if (one := waiting.pop()) not in before:
                    before.add(one)
                    waiting += direct.get(one, ())
            yield Task(name, task, f"{self.path}.dag.tasks[{name}]", direct[name], frozenset(before))

    def _steps(self) -> Iterator[Task]:
        done: set[str] = set()
        for number, group in enumerate(self.data.get("steps") or []):
            found = named(group if isinstance(group, list) else [group])
            for name, step in found.items():
                yield Task(name, step, f"{self.path}.steps[{number}][{name}]", frozenset(), frozenset(done))
            done |= found.keys()


def _without_results(depends: str) -> str:
    """`a.Succeeded && b` → `a && b`."""
    return re.sub(r"\.[A-Za-z]+", "", depends)


@dataclass(frozen=True)
class Workflow:
    """A Workflow, WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow; `path` is its workflow spec's place."""

    address: str
    item: Object
    spec: Object
    path: str

    @property
    def name(self) -> str:
        metadata = self.item["metadata"]
        return str(metadata.get("name") or metadata.get("generateName"))

    @property
    def is_library(self) -> bool:
        """Whether it only offers templates to others."""
        return not self.spec.get("entrypoint") and not self.spec.get("workflowTemplateRef")

    @property
    def is_run(self) -> bool:
        """Whether it is run as it is; to a template, whoever submits it may give more arguments."""
        return self.item["kind"] in ("Workflow", "CronWorkflow")

    @cached_property
    def parameters(self) -> dict[str, Object]:
        """The workflow's own arguments."""
        return named((self.spec.get("arguments") or {}).get("parameters"))

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Templates by name; inline ones go by the name of their task."""
        found = {}
        for name, data in named(self.spec.get("templates")).items():
            found[name] = Template(self, name, data, f"{self.path}.templates[{name}]")
            for task in found[name].tasks.values():
                if isinstance(task.data.get("inline"), dict):
                    key = f"{name}/{task.name}"
                    found[key] = Template(self, key, task.data["inline"], f"{task.path}.inline")
        return found

    @cached_property
    def exit_templates(self) -> set[str]:
        """Names of the templates that the exit handler or a hook runs, themselves or by way of others."""
        roots = [self.spec.get("onExit")]
        roots += [hook.get("template") for hook in (self.spec.get("hooks") or {}).values()]
        return self.reachable(roots)

    def reachable(self, roots: list[Any]) -> set[str]:
        """Names of local templates that run when `roots` do."""
        found: set[str] = set()
        waiting = [name for name in roots if name in self.templates]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            for task in self.templates[name].tasks.values():
                hooks = (task.data.get("hooks") or {}).values()
                used = [task.data.get("template"), task.data.get("onExit"), f"{name}/{task.name}"]
                used += [hook.get("template") for hook in hooks]
                waiting += [one for one in used if one in self.templates]
        return found


def workflow(address: str, item: Object) -> Workflow | None:
    """The object as a Workflow; None when it is none of Argo's kinds."""
    if item.get("kind") not in KINDS or not str(item.get("apiVersion", "")).startswith("argoproj.io/"):
        return None
    spec = item.get("spec")
    if not isinstance(spec, dict):
        return None
    if item["kind"] == "CronWorkflow":
        inner = spec.get("workflowSpec")
        return Workflow(address, item, inner if isinstance(inner, dict) else {}, "spec.workflowSpec")
    return Workflow(address, item, spec, "spec")
