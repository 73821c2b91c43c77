"""What the rules look at: the objects of one set, and views of them that are made once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from idag.lint.containers import Pod, find_pods, template_pod
from idag.lint.shape import Misfit, fit, known
from idag.lint.shell import ShellText, find_shell_texts
from idag.lint.workflow import Template, Workflow, workflow
from idag.render.manifests import Object
from idag.render.objects import Manifest
from idag.schemas import embedded


class Item(NamedTuple):
    """An object, or one embedded in another as text: then `address` is the other's and `path` leads to the text.

    `data` has the shape that the rules count on; `misfits` is what was taken out for that.
    """

    address: str
    path: str
    data: Object
    misfits: tuple[Misfit, ...] = ()

    def at(self, path: str) -> str:
        """Where `path` of this object is for the reader."""
        return " ".join(part for part in (self.path, path) if part)


class Scope:
    """A set of objects that belong together: references between them are followed, none outside them.

    `objects` are as they were given, `items` as the rules want to see them.
    """

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects = list(objects)
        self.items: list[Item] = []
        for written in self.objects:
            address = Manifest(written).address
            data, misfits = fit(written)
            self.items.append(Item(address, "", data, tuple(misfits)))
            for path, inner in embedded.find(data):
                fitted, misfits = fit(inner)
                self.items.append(Item(address, f"{path} {inner['kind']}", fitted, tuple(misfits)))

    @cached_property
    def workflows(self) -> list[Workflow]:
        """Every Argo workflow of the set."""
        found = (workflow(item.address, item.data) for item in self.items if not item.path)
        return [one for one in found if one]

    @cached_property
    def templates(self) -> list[Template]:
        """Every template of every workflow."""
        return [template for one in self.workflows for template in one.templates.values()]

    @cached_property
    def pods(self) -> list[Pod]:
        """Every pod that an object of the set makes, Argo's steps included."""
        workloads = [pod for item in self.items for pod in find_pods(item.address, item.at, item.data)]
        return workloads + [pod for template in self.templates if (pod := template_pod(template))]

    @cached_property
    def pod_patches(self) -> list[tuple[str, str, str]]:
        """(address, path, text) of every `podSpecPatch`: of templates, of workflows and of their templateDefaults."""
        places = [(template.address, template.path, template.data) for template in self.templates]
        for one in self.workflows:
            defaults = one.spec.get("templateDefaults") or {}
            places += [(one.address, one.path, one.spec), (one.address, f"{one.path}.templateDefaults", defaults)]
        found = ((address, f"{path}.podSpecPatch", owner.get("podSpecPatch")) for address, path, owner in places)
        return [(address, path, text) for address, path, text in found if text]

    @cached_property
    def shell_texts(self) -> list[ShellText]:
        """Every piece of shell in the set."""
        return [text for item in self.items for text in find_shell_texts(item.address, item.at, item.data)]

    def of(self, *kinds: str) -> Iterator[Item]:
        """The objects of these kinds, embedded ones too."""
        return (item for item in self.items if item.data["kind"] in kinds and known(item.data))

    def template(self, caller: Workflow, task: Object) -> Template | None:
        """The template that a task runs; None when it is not in the set."""
        if isinstance(task.get("template"), str):
            return caller.templates.get(task["template"])
        if isinstance(task.get("inline"), dict):
            return next((one for one in caller.templates.values() if one.data is task["inline"]), None)
        reference = task.get("templateRef") or {}
        owner = self.owner(reference)
        return owner.templates.get(str(reference.get("template"))) if owner else None

    def owner(self, reference: Object) -> Workflow | None:
        """The template library that a templateRef or workflowTemplateRef names; None when it is not in the set."""
        kind = "ClusterWorkflowTemplate" if reference.get("clusterScope") else "WorkflowTemplate"
        wanted = kind, reference.get("name")
        return next((one for one in self.workflows if (one.item["kind"], one.name) == wanted), None)

    def base(self, one: Workflow) -> Workflow | None:
        """The template from which a workflow takes its spec; None when there is none, or it is not in the set."""
        return self.owner(one.spec.get("workflowTemplateRef") or {})

    def leads_outside(self, caller: Workflow) -> bool:
        """Whether a task of the workflow runs a template that is not in the set."""
        tasks = [task for template in caller.templates.values() for task in template.tasks.values()]
        return any("templateRef" in task.data and self.template(caller, task.data) is None for task in tasks)
