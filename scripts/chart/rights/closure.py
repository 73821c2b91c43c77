"""Who an identity can become, and what it can do in the end: a fixed point over everything that it may make.

Each step only adds, so the order of steps does not matter and the end is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from implementation_dag.check.rights import RBAC, Identity, Right
from implementation_dag.contract import labels

from .world import World, covers, may

# What makes a pod, and with it whoever the pod runs as: its group and the words for it.
PODS = {
    "pods": "",
    "replicationcontrollers": "",
    "deployments": "apps",
    "statefulsets": "apps",
    "daemonsets": "apps",
    "replicasets": "apps",
    "jobs": "batch",
    "cronjobs": "batch",
    "agentruns": labels.GROUP,
    "workflows": "argoproj.io",
    "cronworkflows": "argoproj.io",
    "docsruns": "taskmaster.io",
}
MAKES = ("create", "update", "patch")
READS = ("get", "list", "watch")
# Each of these alone is the whole cluster.
SOVEREIGN = [
    Right("impersonate", "", "users"),
    Right("impersonate", "", "groups"),
    Right("create", "", "nodes/proxy"),
    Right("get", "", "nodes/proxy"),
    Right("escalate", RBAC, "clusterroles"),
    Right("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    Right("update", "certificates.k8s.io", "certificatesigningrequests/approval"),
    Right("create", "", "persistentvolumes"),
    *(
        Right(verb, "admissionregistration.k8s.io", kind)
        for verb in ("update", "patch", "delete")
        for kind in ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
    ),
]


@dataclass
class Reach:
    """Who is held, each with the way to it; what all these may do; why it is the whole cluster, empty: it is not."""

    held: dict[Identity, str]
    rights: dict[Identity, set[Right]]
    # Namespaces all of whose Secrets can be read.
    secrets: set[str] = field(default_factory=set)
    everything: str = ""

    @property
    def size(self) -> int:
        """How much there is: it only grows."""
        rights = sum(len(rights) for rights in self.rights.values())
        return len(self.held) + rights + len(self.secrets) + bool(self.everything)


def reach(world: World, start: Identity) -> Reach:
    """Return what whoever has the token of `start` can become."""
    found = Reach({start: "itself"}, {account: set(world.rights.get(account, ())) for account in world.accounts})
    found.rights.setdefault(start, set())
    before = -1
    while before < (size := found.size):
        before = size
        for who in list(found.held):
            _act(world, found, who)
    return found


def _act(world: World, found: Reach, who: Identity) -> None:
    rights = found.rights[who]
    if who in world.sovereign:
        _everything(found, f"{who.namespace}/{who.name} is another's")
    for right in SOVEREIGN:
        if may(rights, right.verb, right.group, right.resource, "") and (
            right.verb in (*READS, "impersonate") or world.limits.touches(who, "")
        ):
            _everything(found, f"it may {right}")
    for namespace in sorted(world.namespaces):
        kinds = _kinds(world, rights, who, namespace)
        for account, way in _becomes(world, rights, who, namespace, kinds):
            found.held.setdefault(account, way)
        for kind in kinds:
            if world.limits.mounts(who, kind, namespace):
                found.secrets.add(namespace)
            if namespace not in world.restricted and world.limits.leaves(who, kind, namespace):
                _everything(found, f"{kind} in {namespace} may mount the node")
        if any(may(rights, verb, "", "secrets", namespace) for verb in READS):
            found.secrets.add(namespace)
        _give(world, found, who, namespace)
    _give(world, found, who, "")


def _some(rights: set[Right], verb: str, group: str, resource: str, namespace: str) -> bool:
    """Say whether `rights` allow the request for some name at least."""
    return any(
        right.resource in (resource, "*")
        and right.verb in (verb, "*")
        and right.group in (group, "*")
        and right.namespace in (namespace, "")
        for right in rights
    )


def _everything(found: Reach, why: str) -> None:
    found.everything = found.everything or why


def _kinds(world: World, rights: set[Right], who: Identity, namespace: str) -> list[str]:
    """Return the kinds of which `who` may make or change some, each of which runs a pod."""
    if not world.limits.touches(who, namespace):
        return []
    return [kind for kind, group in PODS.items() if any(_some(rights, verb, group, kind, namespace) for verb in MAKES)]


def _becomes(
    world: World, rights: set[Right], who: Identity, namespace: str, kinds: list[str]
) -> Iterator[tuple[Identity, str]]:
    here = sorted((account for account in world.accounts if account.namespace == namespace), key=lambda item: item.name)
    for kind in kinds:
        for account in here:
            if world.limits.runs_as(who, kind, namespace, account):
                yield account, f"{who.name} makes {kind} in {namespace}"
    for account in here:
        if may(rights, "impersonate", "", "serviceaccounts", namespace, account.name):
            yield account, f"{who.name} may impersonate it"
    if not world.limits.touches(who, namespace):
        return
    entered = [Right(verb, "", "pods/exec", namespace) for verb in ("create", "get")]
    entered += [Right(verb, "", "pods/attach", namespace) for verb in ("create", "get")]
    entered += [Right(verb, "", "pods/ephemeralcontainers", namespace) for verb in ("patch", "update")]
    for right in entered:
        if _some(rights, right.verb, "", right.resource, namespace):
            yield from ((account, f"{who.name} enters pods in {namespace}") for account in here)
    for account in here:
        if may(rights, "create", "", "serviceaccounts/token", namespace, account.name):
            yield account, f"{who.name} asks for its token"
    reads = any(may(rights, verb, "", "secrets", namespace) for verb in READS)
    writes = any(may(rights, verb, "", "secrets", namespace) for verb in MAKES)
    if reads and writes and world.limits.keeps_tokens(who, namespace):
        yield from ((account, f"{who.name} has a token written into a Secret in {namespace}") for account in here)


def _give(world: World, found: Reach, who: Identity, namespace: str) -> None:
    """Give every role to everybody to whom `who` may give it in the namespace; empty: in the whole cluster."""
    rights = found.rights[who]
    kind = "rolebindings" if namespace else "clusterrolebindings"
    makes = any(_some(rights, verb, RBAC, kind, namespace) for verb in MAKES)
    if not makes or not world.limits.touches(who, namespace):
        return
    for role, rules in world.roles.items():
        placed = {Right(rule.verb, rule.group, rule.resource, namespace, rule.name) for rule in rules}
        if not may(rights, "bind", RBAC, "clusterroles", namespace, role) and not all(
            any(covers(right, wanted) for right in rights) for wanted in placed
        ):
            continue
        for subject in world.accounts:
            if world.limits.binds(who, namespace, role, subject):
                found.rights[subject] |= placed
