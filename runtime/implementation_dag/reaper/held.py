"""What holds a namespace that is on its way for too long: its pods are killed, its finalizers named, and taken off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lightkube import ApiError

from implementation_dag.base.log import clean
from implementation_dag.contract import labels
from implementation_dag.pull_requests import objects

from .api import Api, Object
from .decide import overdue
from .model import Kind, Settings, Thing
from .reading import path, thing

WORDS_LIMIT = 900
NAMED_LIMIT = 10
PODS = "api/v1/pods"
# What a preview's chart may make in it, but for Secrets and service accounts, which the reaper may not see.
KINDS = (
    PODS,
    "api/v1/configmaps",
    "api/v1/services",
    "api/v1/persistentvolumeclaims",
    "apis/apps/v1/deployments",
    "apis/apps/v1/statefulsets",
    "apis/apps/v1/daemonsets",
    "apis/apps/v1/replicasets",
    "apis/batch/v1/jobs",
    "apis/batch/v1/cronjobs",
    "apis/autoscaling/v2/horizontalpodautoscalers",
    "apis/policy/v1/poddisruptionbudgets",
    "apis/networking.k8s.io/v1/ingresses",
    "apis/gateway.networking.k8s.io/v1/httproutes",
)


@dataclass(frozen=True)
class Holding:
    """An object in the namespace that is told to go and does not."""

    path: str
    item: Object

    @property
    def finalizers(self) -> list[str]:
        """Its finalizers."""
        return list(self.item["metadata"].get("finalizers") or ())

    @property
    def name(self) -> str:
        """Its kind and name, as kubectl takes them."""
        return "/".join(self.path.split("/")[-2:])

    @property
    def words(self) -> str:
        """Which object it is, and what holds it."""
        held = f"has finalizer {', '.join(self.finalizers)}" if self.finalizers else "is past its grace"
        return f"{self.name} {held}"


def holding(api: Api, namespace: Thing) -> list[Holding]:
    """Return what in the namespace is on its way. Raises ApiError and httpx2.HTTPError."""
    found = []
    for kind in KINDS:
        group, _, plural = kind.rpartition("/")
        listed = f"/{group}/namespaces/{namespace.name}/{plural}"
        try:
            items = list(api.listed(listed))
        except ApiError as error:
            # A cluster without the Gateway API.
            if error.status.code != 404:
                raise
            continue
        found += [
            Holding(f"{listed}/{item['metadata']['name']}", item)
            for item in items
            if "deletionTimestamp" in item["metadata"]
        ]
    return found


def killed(found: Iterable[Holding], now: datetime, grace: timedelta) -> list[Holding]:
    """Return the pods that are past their grace: the kubelet that should have ended them does not answer."""
    return [
        each
        for each in found
        if "/pods/" in each.path and not each.finalizers and overdue(thing(Kind.POD, each.item), now, grace)
    ]


def itself(namespace: Thing) -> Holding:
    """Return the namespace as something that may hold itself."""
    metadata = {"uid": namespace.uid, "resourceVersion": namespace.version, "finalizers": [*namespace.finalizers]}
    return Holding(path(Kind.NAMESPACE, "", namespace.name), {"metadata": metadata})


def subject(preview: str, settings: Settings) -> Object:
    """Return what an event of a namespace is about: its Preview where that has a name, else the reaper's Deployment."""
    version, kind, name = (
        (f"{labels.GROUP}/{objects.VERSION}", "Preview", preview)
        if preview
        else ("apps/v1", "Deployment", f"{settings.release}-reaper")
    )
    return {"apiVersion": version, "kind": kind, "name": name, "namespace": settings.namespace}


def explained(namespace: Thing, found: Iterable[Holding]) -> str:
    """Return in words what holds the namespace: the objects that can be named, then what the cluster says of it."""
    named = [each.words for each in found]
    more = [f"and {len(named) - NAMED_LIMIT} more"] if len(named) > NAMED_LIMIT else []
    own = [f"itself has finalizer {', '.join(namespace.finalizers)}"] if namespace.finalizers else []
    said = [message for message in namespace.conditions if "remaining" in message]
    words = "; ".join([*named[:NAMED_LIMIT], *more, *own, *said])
    return clean(words or "nothing that the reaper can see")[:WORDS_LIMIT]
