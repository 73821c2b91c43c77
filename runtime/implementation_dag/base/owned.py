"""The one object that stands for another, under the other's name: made once, and never taken from somebody else."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, cast

from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.core.resource import NamespacedResource

from . import kube

Object = dict[str, Any]
# What the API server says of an object that it does not take as it is.
REFUSALS = (400, 403, 422)


class Problem(Enum):
    """Why there can be none."""

    LOST = "it was deleted"
    REFUSED = "the API server, or a rule of ours, does not take it"
    TAKEN = "its name is another's"


class Cannot(Exception):
    """There can be no such object; the message says why in words."""

    def __init__(self, problem: Problem, words: str) -> None:
        super().__init__(words)
        self.problem = problem


def ensure(
    client: Client, resource: type[NamespacedResource], owner: Object, build: Callable[[], Object], *, made: bool
) -> Object:
    """Return the owner's one object, made now or before: where it was `made` before, it is not made again.

    Raises Cannot, and ApiError when nothing is known.
    """
    metadata, kind = owner["metadata"], resource.__name__
    name, namespace = metadata["name"], metadata["namespace"]
    try:
        found = kube.as_dict(client.get(resource, name, namespace=namespace))
    except ApiError as error:
        if error.status.code != 404:
            raise
        if made:
            raise Cannot(Problem.LOST, f"{kind} {name} was deleted before it ended") from None
        found = _created(client, kind, build())
    if metadata["uid"] not in [each["uid"] for each in found["metadata"].get("ownerReferences") or ()]:
        raise Cannot(Problem.TAKEN, f"a {kind} {name} exists in {namespace} that is another's")
    return found


def _created(client: Client, kind: str, built: Object) -> Object:
    try:
        return kube.as_dict(client.create(cast(NamespacedResource, from_dict(built))))
    except ApiError as error:
        if error.status.code in REFUSALS:
            raise Cannot(Problem.REFUSED, f"the API server refuses the {kind}: {error.status.message}") from None
        raise
