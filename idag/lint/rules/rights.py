"""IDAG8xx: rights that nobody needs, and needs for which nobody has the right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from idag.lint import tags
from idag.lint.registry import Hit, rule
from idag.lint.scope import Item, Scope

_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_ROLES = ("Role", "ClusterRole")
# kubectl's verb → the API's verb that it cannot do without.
_KUBECTL = {
    "delete": "delete",
    "create": "create",
    "label": "patch",
    "annotate": "patch",
    "patch": "patch",
    "get": "get",
}
_SHORT = {
    **{"ns": "namespaces", "namespace": "namespaces", "po": "pods", "pod": "pods", "svc": "services"},
    **{"service": "services", "ing": "ingresses", "ingress": "ingresses", "cm": "configmaps", "secret": "secrets"},
    **{"configmap": "configmaps", "deploy": "deployments", "deployment": "deployments", "job": "jobs"},
}
_COMMAND = re.compile(r"^\s*(?P<verb>[a-z]+)\s+(?P<resource>[a-z]+)\b")


@rule("IDAG801", "service account with rights that nobody uses", "a token waiting to be stolen, for no work at all")
def unused_accounts(scope: Scope) -> Iterator[Hit]:
    """A ServiceAccount of the set that a binding gives rights and that nothing in the set runs as."""
    runs = {text for item in scope.items for path, text in tags.strings(item.data) if _names_account(path)}
    bound = {subject.get("name") for item in scope.of(*_BINDINGS) for subject in _accounts(item)}
    for item in scope.of("ServiceAccount"):
        name = item.data["metadata"].get("name")
        if not item.path and name in bound and name not in runs:
            yield Hit(item.address, "", f"nothing in the set runs as {name}, and bindings give it rights")


@rule(
    "IDAG802", "role that nobody has", "either the binding was forgotten and steps fail, or the rights are not needed"
)
def unbound_roles(scope: Scope) -> Iterator[Hit]:
    """A Role or ClusterRole without a binding in the set; aggregated roles are left out."""
    bound = {(_reference(item).get("kind"), _reference(item).get("name")) for item in scope.of(*_BINDINGS)}
    for item in scope.of(*_ROLES):
        metadata = item.data["metadata"]
        aggregated = any("aggregate-to" in label for label in metadata.get("labels") or {})
        if not item.path and not aggregated and (item.data["kind"], metadata.get("name")) not in bound:
            yield Hit(item.address, "", "no binding gives this role to anybody")


@rule("IDAG803", "rights by wildcard", "every kind and verb of tomorrow is included; name what is needed")
def wildcards(scope: Scope) -> Iterator[Hit]:
    """`*` in apiGroups, resources or verbs."""
    for item in scope.of(*_ROLES):
        for index, entry in enumerate(item.data.get("rules") or []):
            for field in ("apiGroups", "resources", "verbs"):
                if "*" in (entry.get(field) or []):
                    yield Hit(item.address, item.at(f"rules[{index}].{field}"), "`*` grants what nobody listed")


@rule(
    "IDAG804",
    "kubectl command that no role allows",
    "the step fails as forbidden, in production first when developers are administrators",
)
def missing_rights(scope: Scope) -> Iterator[Hit]:
    """Told only when the set has roles: otherwise they are granted elsewhere."""
    entries = [entry for item in scope.of(*_ROLES) for entry in item.data.get("rules") or []]
    granted = {
        (verb, resource)
        for entry in entries
        for verb in entry.get("verbs") or []
        for resource in entry.get("resources") or []
    }
    for text in scope.shell_texts if granted else ():
        for program, rest in text.commands():
            match = _COMMAND.match(rest) if program == "kubectl" else None
            verb = _KUBECTL.get(match["verb"]) if match else None
            if match is None or verb is None:
                continue
            resource = _SHORT.get(match["resource"], match["resource"])
            wanted = {(one, two) for one in (verb, "*") for two in (resource, "*")}
            if not wanted & granted:
                yield Hit(text.address, text.path, f"`kubectl {match.group().strip()}` needs {verb} on {resource}")


def _reference(binding: Item) -> dict[str, Any]:
    return binding.data.get("roleRef") or {}


def _accounts(binding: Item) -> list[dict[str, Any]]:
    return [one for one in binding.data.get("subjects") or [] if one.get("kind") == "ServiceAccount"]


def _names_account(path: tuple[str | int, ...]) -> bool:
    return bool(path) and path[-1] in ("serviceAccountName", "serviceAccount")
