"""What an identity can become, as sentences that a reviewer reads."""

from __future__ import annotations

from collections.abc import Iterator

from implementation_dag.check.rights import RBAC, Identity, Right
from implementation_dag.contract import labels

from .chart import WORDS
from .closure import MAKES, PODS, Reach, reach
from .limits import REQUESTS
from .world import World, may

GIVE = "give rights"
# Consequences that matter: the words, and the requests of which one is enough.
CAN: list[tuple[str, list[Right]]] = [
    ("write Secrets", [Right(verb, "", "secrets") for verb in MAKES]),
    ("run pods", [Right(verb, group, kind) for kind, group in PODS.items() if kind not in REQUESTS for verb in MAKES]),
    ("start DocsRuns", [Right(verb, "taskmaster.io", "docsruns") for verb in MAKES]),
    ("start AgentRuns", [Right(verb, labels.GROUP, "agentruns") for verb in MAKES]),
    (GIVE, [Right(verb, RBAC, "rolebindings") for verb in MAKES]),
    ("change network policies", [Right(verb, "networking.k8s.io", "networkpolicies") for verb in MAKES]),
    ("change quotas", [Right(verb, "", "resourcequotas") for verb in MAKES]),
    ("make service accounts", [Right(verb, "", "serviceaccounts") for verb in MAKES]),
]
NAMESPACES = [("make", "create"), ("change", "patch"), ("delete", "delete")]


def sentences(world: World, who: Identity, release: str, namespace: str) -> list[str]:
    """Return what `who` can become and do in the end, the whole cluster first and alone where that is so."""
    found = reach(world, who)
    told = _Names(release, namespace)
    become = [f"can become {told.who(other)}: {told.text(way)}" for other, way in found.held.items() if other != who]
    if found.everything:
        return [*sorted(become), f"IS THE WHOLE CLUSTER: {told.text(found.everything)}"]
    return [*sorted(become), *_can(world, found, told)] or ["can become nobody else"]


class _Names:
    """Names of identities and places, in words that do not depend on the installation."""

    def __init__(self, release: str, namespace: str) -> None:
        self.places = WORDS | {namespace: "the release namespace"}
        self.release = release

    def who(self, identity: Identity) -> str:
        name = identity.name.removeprefix(f"{self.release}-")
        if name.startswith("deployer."):
            place = name.removeprefix("deployer.")
            return f"the deployer of {self.places.get(place, place)}"
        kind = "any other service account" if name == "another" else f"service account {name}"
        return f"the {name}" if name != identity.name else f"{kind} of {self.places[identity.namespace]}"

    def text(self, way: str) -> str:
        words = [word.removeprefix(f"{self.release}-") for word in way.split(" ")]
        return " ".join(self.places.get(word, word) if word else word for word in words)


def _can(world: World, found: Reach, told: _Names) -> Iterator[str]:
    if found.secrets:
        yield f"can read Secrets of {_places(found.secrets, told)}"
    for what, requests in CAN:
        places = {
            place
            for place in world.namespaces
            for who in found.held
            if world.limits.touches(who, place)
            and any(may(found.rights[who], right.verb, right.group, right.resource, place) for right in requests)
            and (what != GIVE or _gives(world, who, place))
        }
        if places:
            yield f"can {what} in {_places(places, told)}"
    for word, verb in NAMESPACES:
        able = [who for who in found.held if may(found.rights[who], verb, "", "namespaces", "")]
        if able:
            limited = not any(world.limits.makes_namespaces(who) for who in able)
            yield f"can {word} {'namespaces that are previews' if limited else 'any namespace'}"


def _gives(world: World, who: Identity, place: str) -> bool:
    """Say whether `who` may give some role to somebody there, once it has the right to make bindings."""
    return any(world.limits.binds(who, place, role, subject) for role in world.roles for subject in world.accounts)


def _places(places: set[str], told: _Names) -> str:
    return ", ".join(sorted(told.places[place] for place in places))
