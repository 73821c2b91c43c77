"""IDAG805: rights by which whoever has them becomes administrator of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from idag.lint.registry import Hit, rule
from idag.lint.scope import Item, Scope
from idag.render.manifests import Object

_WRITES = ("create", "update", "patch", "delete", "deletecollection")
_CHANGES = ("create", "update", "patch")
_READS = ("get", "list", "watch")
_RBAC = "rbac.authorization.k8s.io"


class Way(NamedTuple):
    """Verbs on resources of an API group that lead on to all other rights; `anywhere`: in a single namespace too."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    anywhere: bool = False


# https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
_WAYS = (
    Way("", ("secrets",), (*_READS, *_WRITES)),
    Way("", ("pods", "replicationcontrollers"), _WRITES),
    Way("apps", ("deployments", "statefulsets", "daemonsets", "replicasets"), _WRITES),
    Way("batch", ("jobs", "cronjobs"), _WRITES),
    # A websocket needs only get.
    Way("", ("pods/exec", "pods/attach", "pods/portforward"), ("get", "create")),
    Way("", ("pods/ephemeralcontainers",), ("update", "patch")),
    Way("", ("nodes/proxy",), ("get", "create", "update", "patch", "delete")),
    Way("", ("serviceaccounts/token",), ("create",)),
    Way("", ("persistentvolumes",), _CHANGES),
    Way("", ("users", "groups", "serviceaccounts"), ("impersonate",), anywhere=True),
    Way("authentication.k8s.io", ("userextras", "uids"), ("impersonate",), anywhere=True),
    Way(_RBAC, ("roles", "clusterroles"), ("escalate", "bind"), anywhere=True),
    Way("certificates.k8s.io", ("certificatesigningrequests/approval",), ("update", "patch")),
    Way("certificates.k8s.io", ("signers",), ("approve", "sign")),
    Way(
        "admissionregistration.k8s.io",
        ("mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies"),
        _CHANGES,
    ),
)


@rule(
    "IDAG805",
    "rights that lead to all rights",
    "whoever may create pods, read secrets or give rights is administrator of the cluster; bind it in a namespace",
)
def takeover(scope: Scope) -> Iterator[Hit]:
    """A ClusterRole bound by a ClusterRoleBinding or by nothing; escalate, bind and impersonate in every role."""
    for item in scope.of("ClusterRole", "Role"):
        everywhere = _is_everywhere(scope, item)
        for index, entry in enumerate(item.data.get("rules") or []):
            if entry.get("resourceNames"):
                continue
            ways = dict.fromkeys(_granted(entry, everywhere))
            if ways:
                where = "everywhere" if everywhere else "in its namespace"
                yield Hit(item.address, item.at(f"rules[{index}]"), f"{'; '.join(ways)} {where}")


def _is_everywhere(scope: Scope, item: Item) -> bool:
    def bound_by(kind: str) -> bool:
        references = (binding.data.get("roleRef") or {} for binding in scope.of(kind))
        wanted = item.data["kind"], (item.data.get("metadata") or {}).get("name")
        return any((one.get("kind"), one.get("name")) == wanted for one in references)

    return item.data["kind"] == "ClusterRole" and (bound_by("ClusterRoleBinding") or not bound_by("RoleBinding"))


def _granted(entry: Object, everywhere: bool) -> Iterator[str]:
    """The ways of an entry, as it writes them: wildcards include every way."""
    groups, resources, verbs = (entry.get(field) or [] for field in ("apiGroups", "resources", "verbs"))
    for way in _WAYS:
        if not (everywhere or way.anywhere) or not {way.group, "*"} & set(groups):
            continue
        kinds = [name for name in resources if any(_covers(name, one) for one in way.resources)]
        allowed = [verb for verb in verbs if verb in (*way.verbs, "*")]
        if kinds and allowed:
            yield f"{', '.join(allowed)} on {', '.join(kinds)}"


def _covers(written: str, resource: str) -> bool:
    """`*` is every resource with its subresources, `*/exec` that subresource of each, `pods/*` all of one."""
    kind, _, part = resource.partition("/")
    return written in (resource, "*", "*/*", *((f"*/{part}", f"{kind}/*") if part else ()))
