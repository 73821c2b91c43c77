"""The part of a cluster that decides who can become whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from implementation_dag.check.rights import Identity, Right

from .limits import Limits

Rules = frozenset[Right]


@dataclass(frozen=True)
class World:
    """Namespaces, service accounts, what is given to these, and the ClusterRoles that could be given.

    `restricted` are namespaces whose pod security keeps a pod off its node. `sovereign` are accounts of others of which
    nothing is known: who becomes one of them is taken to have the cluster.
    """

    namespaces: frozenset[str]
    accounts: frozenset[Identity]
    rights: Mapping[Identity, Rules]
    # Rights of a role carry no namespace: they get that of the binding.
    roles: Mapping[str, Rules] = field(default_factory=dict)
    restricted: frozenset[str] = frozenset()
    sovereign: frozenset[Identity] = frozenset()
    limits: Limits = field(default_factory=Limits)


def covers(given: Right, wanted: Right) -> bool:
    """Say whether `given` allows all of `wanted`, wildcards and unnamed places included."""
    return (
        given.verb in ("*", wanted.verb)
        and given.group in ("*", wanted.group)
        and given.resource in ("*", wanted.resource)
        and given.namespace in ("", wanted.namespace)
        and given.name in ("", wanted.name)
    )


def may(rights: Rules | set[Right], verb: str, group: str, resource: str, namespace: str, name: str = "") -> bool:
    """Say whether one of `rights` allows the request."""
    return any(
        right.resource in (resource, "*")
        and right.verb in (verb, "*")
        and right.group in (group, "*")
        and right.namespace in (namespace, "")
        and right.name in (name, "")
        for right in rights
    )
