"""What Argo and the stages do to a preview, played: a run makes its namespace and application, its end takes them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import Namespace
from lightkube.types import PatchType

from implementation_dag.base import kube, moments
from implementation_dag.contract import labels
from implementation_dag.pull_requests import objects
from implementation_dag.reaper.reading import COMPLETED, PHASE
from tests.api import previews
from tests.api.pull_requests.argo import nodes

Object = dict[str, Any]
LOOK_SECONDS = 1.0
AT_ONCE = 8
EXPIRES = "2999-01-01T00:00:00Z"


@dataclass
class Played:
    """Brings each Workflow to its good end, some at a time."""

    client: Client
    _begun: set[str] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Go on until told to stop."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while not self._end.wait(LOOK_SECONDS):
                with contextlib.suppress(ApiError, httpx2.HTTPError):
                    items = map(kube.as_dict, self.client.list(kube.Workflow, namespace=previews.NAMESPACE))
                    new = [item for item in items if item["metadata"]["name"] not in self._begun]
                    self._begun |= {item["metadata"]["name"] for item in new}
                    list(pool.map(self._play, new))

    def stop(self) -> None:
        """Let it come to its end."""
        self._end.set()

    def _play(self, item: Object) -> None:
        name, started = item["metadata"]["name"], moments.stamp(moments.now())
        number = objects.pull_request(item).rpartition("-")[2]
        self._say(name, {"phase": "Running", "startedAt": started, "nodes": nodes(name, "Running")})
        if item["spec"].get("entrypoint") == objects.END:
            self.client.delete(Namespace, namespace(number))
        else:
            for made in preview(number, name):
                self.client.create(from_dict(made))
        ended = {"phase": "Succeeded", "finishedAt": moments.stamp(moments.now()), "nodes": nodes(name, "Succeeded")}
        self._say(name, ended, {COMPLETED: "true", PHASE: "Succeeded"})

    def _say(self, name: str, status: Object, given: Mapping[str, str] = MappingProxyType({})) -> None:
        patch = {"metadata": {"labels": dict(given)}, "status": status}
        self.client.patch(kube.Workflow, name, patch, namespace=previews.NAMESPACE, patch_type=PatchType.MERGE)


def namespace(number: str) -> str:
    """Return the name of a pull request's namespace."""
    return f"impl-isolation-pr-{number}"


def preview(number: str, workflow: str) -> list[Object]:
    """Return the namespace of a preview as the pipeline leaves it, and the application in it."""
    name, app = namespace(number), {"app": "shop"}
    home = previews.preview(name, previews.RELEASE, f"isolation-pr-{number}.preview.example.com")
    home["metadata"]["labels"][labels.WORKFLOW] = workflow
    home["metadata"]["annotations"] |= dict.fromkeys(labels.EXPIRES, EXPIRES) | {labels.KEPT: workflow}
    container = {
        "name": "shop",
        "image": "example.com/shop:1",
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "containers": [container],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    template = {"metadata": {"labels": app}, "spec": pod}
    of = {"name": "shop", "namespace": name}
    return [
        home,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": of,
            "spec": {"replicas": 1, "selector": {"matchLabels": app}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": of,
            "spec": {"selector": app, "ports": [{"port": 80}]},
        },
    ]
