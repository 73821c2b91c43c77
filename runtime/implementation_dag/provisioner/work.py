"""The work of each step: what a run's own arguments ask for, and the outputs that its node gets."""

from __future__ import annotations

from collections.abc import Callable

from implementation_dag.base.errors import ArgumentError
from implementation_dag.base.log import know, say
from implementation_dag.contract import arguments
from implementation_dag.contract.run import Run
from implementation_dag.contract.stages import KEEP, PROVISION, REMOVE, SET_PARAMS
from implementation_dag.steps import cleanup, provision, set_params

from . import nodes
from .asking import Api
from .model import Waiting
from .nodes import Object
from .settings import Told

# The one output of a step that others need nothing of: what became of it.
OUTCOME = "outcome"


def do(api: Api, told: Told, found: Waiting) -> dict[str, str]:
    """Do the work of a node; return its outputs. Raises StepError in words, Unwanted when nobody waits for it any more.

    It may have been begun before, and another may be at it: it comes to the same.
    """
    workflow = api.still(found)
    with api.asking(found):
        return _WORK[found.step](api, told, found, workflow)


def _set_params(api: Api, told: Told, found: Waiting, workflow: Object) -> dict[str, str]:
    given = _given(workflow)
    return set_params.parameters(given, told.steps, found.workflow, told.namespace)


def _provision(api: Api, told: Told, found: Waiting, workflow: Object) -> dict[str, str]:
    given = _given(workflow)
    name, host = set_params.host(given, told.steps.namespace)
    for key, ours in {"NS": name, "HOST": host}.items():
        if found.inputs.get(key) != ours:
            raise ArgumentError(
                f"input {key} is {arguments.shown(found.inputs.get(key, ''))}, but the run's arguments give {ours!r}: "
                "somebody changed the run, or the release was upgraded in the middle of it"
            )
    this = _run(given, told, found)
    return _said(provision.provision(api.client, this, told.steps, told.objects, name, host))


def _keep(api: Api, told: Told, found: Waiting, workflow: Object) -> dict[str, str]:
    this = _run(_given(workflow), told, found)
    return _said(cleanup.keep(api.client, this, told.steps))


def _remove(api: Api, told: Told, found: Waiting, workflow: Object) -> dict[str, str]:
    try:
        given = _given(workflow)
    except ArgumentError as error:
        return _said(f"nothing was created: {error}")
    return _said(cleanup.remove(api.client, _run(given, told, found), told.steps, found.since))


def _given(workflow: Object) -> dict[str, str]:
    """The run's arguments, checked. Raises ArgumentError."""
    given = arguments.complete(nodes.given(workflow))
    know(repo=f"{given['owner']}/{given['repo']}", pr=given["pr"])
    return given


def _run(given: dict[str, str], told: Told, found: Waiting) -> Run:
    named = (given["owner"], given["repo"], given["pr"])
    return Run(*named, found.workflow, found.uid, told.namespace, told.release)


def _said(words: str) -> dict[str, str]:
    say(words)
    return {OUTCOME: words}


_WORK: dict[str, Callable[[Api, Told, Waiting, Object], dict[str, str]]] = {
    SET_PARAMS.task: _set_params,
    PROVISION.task: _provision,
    KEEP: _keep,
    REMOVE: _remove,
}
