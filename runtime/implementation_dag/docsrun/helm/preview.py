"""Read the preview's namespace with the deployer's identity."""

from __future__ import annotations

from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.resources.apps_v1 import Deployment, ReplicaSet, StatefulSet
from lightkube.resources.core_v1 import Event, Namespace, Pod, Service
from lightkube.resources.networking_v1 import Ingress

from implementation_dag.base import kube
from implementation_dag.contract import labels

from .revision import Scene

LOG_LINES = 200


def _items(client: Client, resource: Any, namespace: str) -> list[dict[str, Any]]:
    def items() -> list[dict[str, Any]]:
        try:
            return [kube.as_dict(item) for item in client.list(resource, namespace=namespace)]
        except ApiError as error:
            # A cluster without the Gateway API answers 404 for its kinds.
            if error.status.code == 404:
                return []
            raise

    return kube.persistently(f"list {resource.__name__}s of {namespace}", items)


def holder(client: Client, namespace: str) -> str:
    """Return the run that holds the preview, empty when none does."""
    found = kube.persistently(f"read namespace {namespace}", lambda: client.get(Namespace, namespace))
    return str((kube.as_dict(found)["metadata"].get("labels") or {}).get(labels.WORKFLOW, ""))


def scene(client: Client, namespace: str) -> Scene:
    """Return what is in the preview now."""
    return Scene(*(_items(client, kind, namespace) for kind in (Pod, Event, ReplicaSet, Deployment, StatefulSet)))


def endpoints(
    client: Client, namespace: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the Ingresses, HTTPRoutes and Services of the preview."""
    return (
        _items(client, Ingress, namespace),
        _items(client, kube.HTTPRoute, namespace),
        _items(client, Service, namespace),
    )


def diagnosis(client: Client, namespace: str) -> str:
    """Return what a person needs to see of a failed preview: workloads, pods, events and last log lines."""
    text = []
    for resource in (Deployment, StatefulSet):
        for item in _items(client, resource, namespace):
            status = item.get("status", {})
            text.append(
                f"{item.get('kind', resource.__name__)} {item['metadata']['name']}: "
                f"{status.get('readyReplicas', 0)}/{item['spec'].get('replicas', 0)} ready"
            )
    for event in sorted(_items(client, Event, namespace), key=lambda item: str(item.get("lastTimestamp"))):
        subject = event.get("involvedObject", {})
        text.append(f"event {subject.get('kind')}/{subject.get('name')} {event.get('reason')}: {event.get('message')}")
    for pod in _items(client, Pod, namespace):
        name = pod["metadata"]["name"]
        text.append(f"pod {name}: {pod.get('status', {}).get('phase')}")
        for container in pod["spec"]["containers"]:
            try:
                lines = list(client.log(name, namespace=namespace, container=container["name"], tail_lines=LOG_LINES))
            except (ApiError, httpx2.HTTPError) as error:
                lines = [f"no log: {error}\n"]
            text += [f"--- log of {name}/{container['name']}", "".join(lines)]
    return "\n".join(text) + "\n"
