"""The life of the objects of one kind: each event of one, or of its pod, is a reason to look at it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import kopf
from lightkube import ApiError, Client
from lightkube.core.resource import NamespacedResource
from lightkube.generic_resource import GenericNamespacedResource
from lightkube.types import PatchType

from . import kube, metrics, moments, process
from .sweep import Sweep

Object = dict[str, Any]
# What runs is looked at when its pod changes, and this often besides; what has not begun, at each sweep.
QUIET_SECONDS = 15.0
# Of which nobody has written a status yet.
PENDING = "Pending"

OBJECTS = metrics.gauge("objects", "DocsRuns or AgentRuns that are there, by phase.", "kind", "phase")
RESULTS = metrics.counter("object_results", "DocsRuns or AgentRuns that have ended.", "kind", "phase")
DURATION = metrics.histogram(
    "object_duration_seconds", "Time of a DocsRun or AgentRun from its creation to its end.", "kind", "phase"
)


@dataclass(frozen=True)
class Kind:
    """What a controller does about the objects of one kind, all of its own namespace."""

    name: str
    resource: type[GenericNamespacedResource]
    # What `reconcile` reads besides.
    reads: tuple[type[NamespacedResource], ...]
    # Pods with this label are such objects'; `of_pod` reads from the pod's body whose.
    pod_label: str
    of_pod: Callable[[Any], str]
    # The next status, None when it stays as it is. Raises ApiError when the API does.
    reconcile: Callable[[Object], Object | None]
    ended: Callable[[Object], bool]
    # All that a status may say.
    phases: tuple[str, ...]
    # Its time is over: it is to be deleted.
    expired: Callable[[Object], bool]


class Life:
    """Brings each object of a kind to its end, and takes it away when its time is over.

    What is there it remembers from the events: a sweep over thousands that have ended asks the API server nothing.
    """

    def __init__(self, client: Client, namespace: str, kind: Kind) -> None:
        """Look with `client`; nothing begins before kopf runs what is registered."""
        self._client, self._namespace, self.kind = client, namespace, kind
        kube.learn(kind.resource, *kind.reads)
        self.sweep = Sweep(kind.name, self.look, self.known, self.due)
        self.log = logging.getLogger(kind.name.lower())
        self._objects: dict[str, Object] = {}
        self._looked: dict[str, float] = {}

    def changed(self, name: str, item: Object | None) -> bool:
        """Remember an object, or that it is gone; say whether it is worth a look."""
        if item is None:
            self._objects.pop(name, None)
            self._looked.pop(name, None)
            return False
        self._objects[name] = item
        return not self.kind.ended(item)

    def look(self, name: str) -> None:
        """Bring one object a step on."""
        kind, namespace = self.kind, self._namespace
        self._looked[name] = moments.passed()
        try:
            found = kube.as_dict(self._client.get(kind.resource, name, namespace=namespace))
        except ApiError as error:
            if error.status.code == 404:
                self.changed(name, None)
                return
            raise
        if kind.expired(found):
            self._client.delete(kind.resource, name, namespace=namespace)
            self.log.info("%s %s: deleted after its time to live", kind.name, name)
            return
        status = kind.reconcile(found)
        if status is not None:
            # Only onto what was looked at: another replica may have written since, and its word must not be taken back.
            patch = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "status": status}
            self._client.patch(kind.resource.Status, name, patch, namespace=namespace, patch_type=PatchType.MERGE)
            self.log.info("%s %s: %s, %s: %s", kind.name, name, status["phase"], status["reason"], status["message"])
            self._count(found, status)

    def _count(self, found: Object, status: Object) -> None:
        """Count an end once: `found` had none, and whoever wrote after it was read kept this one from being written."""
        if self._ends(status["phase"]):
            created = moments.read(found["metadata"]["creationTimestamp"])
            RESULTS.labels(self.kind.name, status["phase"]).inc()
            DURATION.labels(self.kind.name, status["phase"]).observe((moments.now() - created).total_seconds())

    def _ends(self, phase: str) -> bool:
        return self.kind.ended({"status": {"phase": phase}})

    def _phase(self, phase: str) -> float:
        """How many of those that are remembered are in this phase."""
        return len([item for _, item in self.known() if ((item.get("status") or {}).get("phase") or PENDING) == phase])

    def known(self) -> Iterator[tuple[str, Object]]:
        """Yield every object that is remembered, by its name."""
        yield from list(self._objects.items())

    def due(self, name: str, found: Object) -> bool:
        """Say whether an object has something to wait for, and has waited long enough."""
        if self.kind.ended(found):
            return self.kind.expired(found)
        quiet = (found.get("status") or {}).get("phase") == "Running"
        return moments.passed() - self._looked.get(name, -QUIET_SECONDS) >= (QUIET_SECONDS if quiet else 0.0)

    def show(self) -> None:
        """Let each scrape see how many are there."""
        metrics.begin(RESULTS, *((self.kind.name, phase) for phase in self.kind.phases if self._ends(phase)))
        for phase in self.kind.phases:
            OBJECTS.labels(self.kind.name, phase).set_function(partial(self._phase, phase))

    def register(self) -> None:
        """Let kopf tell of each event, and keep the sweep going."""
        info = self.kind.resource._api_info
        resource, plural = info.resource, info.plural
        process.keep(self.sweep)
        self.show()

        @kopf.on.event(f"{resource.group}/{resource.version}", plural, id=plural)
        async def on_object(name: str | None, body: kopf.Body, type: str | None, **_: Any) -> None:
            if name and self.changed(name, None if type == "DELETED" else dict(body)):
                await self.sweep.look(name)

        @kopf.on.event("v1", "pods", labels={self.kind.pod_label: kopf.PRESENT}, id=f"{plural}-pods")
        async def on_pod(body: kopf.Body, **_: Any) -> None:
            await self.sweep.look(self.kind.of_pod(body))
