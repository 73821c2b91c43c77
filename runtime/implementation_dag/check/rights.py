"""What each identity of the release may do, and what none of them may, as the API server itself answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .finding import Finding, ok, problem

Object = dict[str, Any]
PARALLEL = 8
MOST_NAMED = 5
RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Right:
    """One thing that can be done; `namespace` is empty for all namespaces and for what lies in none."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name else ""
        return f"{self.verb} {resource}{named} {f'in {self.namespace}' if self.namespace else 'everywhere'}"


@dataclass(frozen=True)
class Identity:
    """A service account."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        """Its user name."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def groups(self) -> list[str]:
        """Its groups, as the API server derives them from a token."""
        return ["system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated"]


Ask = Callable[[Identity, Right], bool]


def forbidden(namespace: str) -> list[Right]:
    """Return what no identity of ours may do: each of these is a way out of its box."""
    return [
        Right("list", "", "secrets", namespace),
        Right("list", "", "secrets", "kube-system"),
        Right("create", "", "pods/exec", namespace),
        Right("create", "", "serviceaccounts/token", namespace),
        Right("impersonate", "", "users"),
        Right("get", "", "nodes/proxy"),
        Right("create", RBAC, "clusterrolebindings"),
        Right("escalate", RBAC, "clusterroles"),
        Right("update", "admissionregistration.k8s.io", "validatingadmissionpolicies"),
        Right("delete", "apiextensions.k8s.io", "customresourcedefinitions"),
    ]


def granted(objects: Iterable[Object]) -> dict[Identity, list[Right]]:
    """Return what the roles among `objects` give to service accounts by the bindings among them."""
    items = [item for item in objects if item]
    roles = {(item["kind"], item["metadata"]["name"]): item.get("rules") or [] for item in items}
    found: dict[Identity, list[Right]] = {}
    for binding in items:
        if binding["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        namespace = binding["metadata"].get("namespace", "")
        reference = binding["roleRef"]
        given = [right for rule in roles[reference["kind"], reference["name"]] for right in _expand(rule, namespace)]
        for subject in binding["subjects"]:
            found.setdefault(Identity(subject["namespace"], subject["name"]), []).extend(given)
    return found


def _expand(rule: Object, namespace: str) -> Iterator[Right]:
    for group in rule.get("apiGroups", []):
        for resource in rule.get("resources", []):
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames") or [""]:
                    yield Right(verb, group, resource, namespace, name)


def check(ask: Ask, objects: Iterable[Object], namespace: str, everywhere: bool = True) -> Iterator[Finding]:
    """Compare what `ask` answers with the roles among `objects`, for each service account that they name.

    Without `everywhere` only rights in `namespace` are asked about: more cannot be without a ClusterRole.
    """
    with ThreadPoolExecutor(PARALLEL) as pool:
        for identity, all_rights in granted(objects).items():
            rights = [right for right in all_rights if everywhere or right.namespace == namespace]
            never = [right for right in forbidden(namespace) if everywhere or right.namespace == namespace]
            answers = list(pool.map(lambda right, who=identity: ask(who, right), [*rights, *never]))
            lacking = [str(right) for right, may in zip(rights, answers, strict=False) if not may]
            excess = [str(right) for right, may in zip(never, answers[len(rights) :], strict=True) if may]
            yield _judged(identity, len(rights), len(never), lacking, excess)


def _judged(identity: Identity, given: int, never: int, lacking: list[str], excess: list[str]) -> Finding:
    subject = f"rights of {identity.name}"
    if excess:
        return problem(
            subject,
            f"may {_few(excess)}, which no pod of the pipeline must",
            "find the binding: kubectl get rolebindings,clusterrolebindings -A -o wide | grep -E "
            f"'{identity.name}|system:serviceaccounts|system:authenticated'",
        )
    if lacking:
        return problem(
            subject,
            f"may not {_few(lacking)}",
            "helm upgrade the release; does something else own or refuse its roles?",
        )
    return ok(subject, f"{given} given, and none of the {never} that nobody may have")


def _few(rights: list[str]) -> str:
    more = len(rights) - MOST_NAMED
    return "; ".join(rights[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
