"""The closure against an attacker who tries every request one by one, in small random clusters."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from implementation_dag.check.rights import RBAC, Identity, Right
from scripts.chart.rights.closure import PODS, SOVEREIGN, reach
from scripts.chart.rights.limits import Limits
from scripts.chart.rights.world import World

NAMESPACES = ("a", "b", "c")
ACCOUNTS = tuple(Identity(namespace, name) for namespace in NAMESPACES for name in ("one", "two"))
# (group, resource) of what an attacker may try, what leads nowhere included.
RESOURCES = [
    *((group, kind) for kind, group in PODS.items()),
    *[("", name) for name in ("pods/exec", "pods/attach", "pods/ephemeralcontainers", "secrets", "configmaps")],
    *[("", name) for name in ("serviceaccounts", "serviceaccounts/token", "users", "nodes/proxy")],
    *[(RBAC, name) for name in ("rolebindings", "clusterrolebindings", "clusterroles")],
]
VERBS = ["create", "update", "patch", "get", "list", "watch", "delete", "impersonate", "bind", "escalate", "*"]


@dataclass(frozen=True)
class Some(Limits):
    """Admission that lets in what chance says, the same for the same question."""

    seed: int
    share: float

    def _says(self, *question: object) -> bool:
        return random.Random(f"{self.seed} {question}").random() < self.share  # noqa: S311 -- no secret

    def touches(self, who: Identity, namespace: str) -> bool:
        return self._says("touches", who, namespace)

    def runs_as(self, who: Identity, kind: str, namespace: str, account: Identity) -> bool:
        return self._says("runs_as", who, kind, namespace, account)

    def mounts(self, who: Identity, kind: str, namespace: str) -> bool:
        return self._says("mounts", who, kind, namespace)

    def leaves(self, who: Identity, kind: str, namespace: str) -> bool:
        return self._says("leaves", who, kind, namespace)

    def binds(self, who: Identity, namespace: str, role: str, subject: Identity) -> bool:
        return self._says("binds", who, namespace, role, subject)

    def keeps_tokens(self, who: Identity, namespace: str) -> bool:
        return self._says("keeps_tokens", who, namespace)


def right(chance: random.Random, role: bool = False) -> Right:
    group, resource = chance.choice(RESOURCES)
    names = {"serviceaccounts/token": ("one", "two"), "serviceaccounts": ("one", "two"), "clusterroles": ("r", "s")}
    name = chance.choice(["", *names.get(resource, ("n",))])
    namespace = "" if role else chance.choice([*NAMESPACES, *NAMESPACES, ""])
    if chance.random() < 0.03:
        group, resource = "*", "*"
    return Right(chance.choice(VERBS), group, resource, namespace, name)


def cluster(seed: int) -> World:
    chance = random.Random(seed)  # noqa: S311 -- no secret
    rights = {}
    for account in ACCOUNTS:
        given = {right(chance) for _ in range(chance.choice([0, 0, 1, 2, 4]))}
        if chance.random() < 0.3:
            # What it takes to give a role: chance alone seldom brings both.
            place = chance.choice([*NAMESPACES, ""])
            given |= {Right("create", RBAC, "rolebindings" if place else "clusterrolebindings", place)}
            given |= {Right("bind", RBAC, "clusterroles", place, chance.choice(["r", "s"]))}
        rights[account] = frozenset(given)
    roles = {name: frozenset(right(chance, role=True) for _ in range(chance.randrange(1, 4))) for name in ("r", "s")}
    limits = chance.choice([Limits(), Some(seed, 0.7), Some(seed, 0.3)])
    sovereign = frozenset(account for account in ACCOUNTS if chance.random() < 0.1)
    restricted = frozenset(name for name in NAMESPACES if chance.random() < 0.7)
    return World(frozenset(NAMESPACES), frozenset(ACCOUNTS), rights, roles, restricted, sovereign, limits)


class Attacker:
    """Holds some accounts and tries every request; knows of RBAC only what the rules of each account say."""

    def __init__(self, world: World, start: Identity) -> None:
        self.world, self.held = world, {start}
        self.bindings: set[tuple[str, str, Identity]] = set()
        self.secrets: set[str] = set()
        self.everything = False

    def rules(self, who: Identity) -> Iterator[Right]:
        yield from self.world.rights.get(who, ())
        for namespace, role, subject in self.bindings:
            if subject == who:
                for rule in self.world.roles[role]:
                    yield Right(rule.verb, rule.group, rule.resource, namespace, rule.name)

    def allowed(self, who: Identity, request: Right) -> bool:
        for rule in self.rules(who):
            pairs = [(rule.verb, request.verb), (rule.group, request.group), (rule.resource, request.resource)]
            if all(mine in ("*", asked) for mine, asked in pairs):
                if rule.namespace and rule.namespace != request.namespace:
                    continue
                if rule.name and rule.name != request.name:
                    continue
                return True
        return False

    def any_name(self, who: Identity, verb: str, group: str, resource: str, namespace: str) -> bool:
        return any(
            self.allowed(who, Right(verb, group, resource, namespace, name))
            for name in ("n", "one", "two", "r", "s", "")
        )

    def holds(self, who: Identity, wanted: Right) -> bool:
        """RBAC's own check: a single rule of `who` covers all that the wanted rule covers."""
        for rule in self.rules(who):
            parts = [(rule.verb, wanted.verb), (rule.group, wanted.group), (rule.resource, wanted.resource)]
            places = rule.namespace in ("", wanted.namespace) and rule.name in ("", wanted.name)
            if places and all(mine in ("*", asked) for mine, asked in parts):
                return True
        return False

    def run(self) -> None:
        """Try everything again until nothing is new."""
        while True:
            before = (len(self.held), len(self.bindings), len(self.secrets), self.everything)
            for who in list(self.held):
                self.try_all(who)
            if before == (len(self.held), len(self.bindings), len(self.secrets), self.everything):
                return

    def try_all(self, who: Identity) -> None:
        world, limits = self.world, self.world.limits
        if who in world.sovereign:
            self.everything = True
        for wanted in SOVEREIGN:
            reads = wanted.verb in ("get", "impersonate")
            if self.allowed(who, wanted) and (reads or limits.touches(who, "")):
                self.everything = True
        for namespace in NAMESPACES:
            self.pods(who, namespace)
            self.tokens(who, namespace)
            for verb in ("get", "list", "watch"):
                if self.allowed(who, Right(verb, "", "secrets", namespace)):
                    self.secrets.add(namespace)
        for namespace in (*NAMESPACES, ""):
            self.bind(who, namespace)

    def pods(self, who: Identity, namespace: str) -> None:
        world, limits = self.world, self.world.limits
        if not limits.touches(who, namespace):
            return
        for kind, group in PODS.items():
            for verb in ("create", "update", "patch"):
                if not self.any_name(who, verb, group, kind, namespace):
                    continue
                for account in ACCOUNTS:
                    if account.namespace == namespace and limits.runs_as(who, kind, namespace, account):
                        self.held.add(account)
                if limits.mounts(who, kind, namespace):
                    self.secrets.add(namespace)
                if namespace not in world.restricted and limits.leaves(who, kind, namespace):
                    self.everything = True
        for resource, verbs in (
            ("pods/exec", ("create", "get")),
            ("pods/attach", ("create", "get")),
            ("pods/ephemeralcontainers", ("update", "patch")),
        ):
            if any(self.any_name(who, verb, "", resource, namespace) for verb in verbs):
                self.held |= {account for account in ACCOUNTS if account.namespace == namespace}

    def tokens(self, who: Identity, namespace: str) -> None:
        limits = self.world.limits
        for account in ACCOUNTS:
            if account.namespace != namespace:
                continue
            if self.allowed(who, Right("impersonate", "", "serviceaccounts", namespace, account.name)):
                self.held.add(account)
            if not limits.touches(who, namespace):
                continue
            if self.allowed(who, Right("create", "", "serviceaccounts/token", namespace, account.name)):
                self.held.add(account)
            made = any(
                self.allowed(who, Right(verb, "", "secrets", namespace)) for verb in ("create", "update", "patch")
            )
            read = any(self.allowed(who, Right(verb, "", "secrets", namespace)) for verb in ("get", "list", "watch"))
            if made and read and limits.keeps_tokens(who, namespace):
                self.held.add(account)

    def bind(self, who: Identity, namespace: str) -> None:
        world, limits = self.world, self.world.limits
        kind = "rolebindings" if namespace else "clusterrolebindings"
        if not limits.touches(who, namespace):
            return
        if not any(self.any_name(who, verb, RBAC, kind, namespace) for verb in ("create", "update", "patch")):
            return
        for role, rules in world.roles.items():
            bound = self.allowed(who, Right("bind", RBAC, "clusterroles", namespace, role))
            placed = [Right(rule.verb, rule.group, rule.resource, namespace, rule.name) for rule in rules]
            if bound or all(self.holds(who, rule) for rule in placed):
                for subject in ACCOUNTS:
                    if limits.binds(who, namespace, role, subject):
                        self.bindings.add((namespace, role, subject))


def compared(world: World, start: Identity) -> Attacker:
    attacker = Attacker(world, start)
    attacker.run()
    found = reach(world, start)
    assert set(found.held) == attacker.held
    assert found.secrets == attacker.secrets
    assert bool(found.everything) == attacker.everything
    return attacker


@pytest.mark.parametrize("verb", VERBS)
def test_a_single_right_leads_where_an_attacker_comes_with_it(verb: str) -> None:
    start, every = ACCOUNTS[0], frozenset(NAMESPACES)
    roles = {"r": frozenset([Right("get", "", "secrets")])}
    for group, resource in RESOURCES:
        for namespace in ("a", ""):
            given = Right(verb, group, resource, namespace)
            # With it, each of what is of use only beside another right.
            for beside in ([], [Right("get", "", "secrets", "a")], [Right("bind", RBAC, "clusterroles", "", "r")]):
                rights = {start: frozenset([given, *beside])}
                compared(World(every, frozenset(ACCOUNTS), rights, roles, every), start)


def test_the_closure_finds_what_an_attacker_finds() -> None:
    more: Counter[str] = Counter()
    for seed in range(30):
        world = cluster(seed)
        for start in ACCOUNTS:
            attacker = compared(world, start)
            more["become"] += len(attacker.held) > 1
            more["everything"] += attacker.everything
            more["secrets"] += bool(attacker.secrets)
            more["bound"] += bool(attacker.bindings)
    # The clusters are worth asking.
    assert min(more.values()) > 10, more


def test_the_way_is_told() -> None:
    runner, deployer = Identity("a", "one"), Identity("a", "two")
    rights: dict[Identity, Any] = {runner: frozenset([Right("create", "taskmaster.io", "docsruns", "a")])}
    world = World(frozenset(["a"]), frozenset([runner, deployer]), rights, restricted=frozenset(["a"]))
    assert reach(world, runner).held == {runner: "itself", deployer: "one makes docsruns in a"}
