"""Look at a preview from outside, with the reporter's identity: whose is it, and which images really run in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from lightkube import Client
from lightkube.resources.core_v1 import Namespace, Pod

from implementation_dag.base import kube, moments, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.base.workflow_status import bounded
from implementation_dag.contract import labels
from implementation_dag.cost import NOTHING, Usage, of_spec

from .registry import DIGEST

Object = dict[str, Any]
CONTAINERS_LIMIT = 200
SETTLE_SECONDS = 30
POLL_SECONDS = 2


@dataclass(frozen=True)
class Running:
    """A container that runs, or ended in a pod that still runs; `digest` is empty where the node names none."""

    pod: str
    container: str
    image: str
    image_id: str
    digest: str


@dataclass(frozen=True)
class Look:
    """What was seen of a preview `at` a time; `holder` is the Workflow that holds it, empty when nobody does.

    `hourly` is what its pods use in an hour.
    """

    at: str
    holder: str
    running: tuple[Running, ...]
    hourly: Usage = NOTHING

    def document(self) -> Object:
        """What ran, as JSON has it."""
        return {"at": self.at, "holder": self.holder, "running": [asdict(each) for each in self.running]}


def look(client: Client, namespace: str) -> Look:
    """Look now. Raises StepError when the preview is not there or may not be read."""
    found = kube.persistently(f"read namespace {namespace}", lambda: client.get(Namespace, namespace))
    metadata = kube.as_dict(found)["metadata"]
    pods = kube.persistently(
        f"list the pods of {namespace}", lambda: [kube.as_dict(pod) for pod in client.list(Pod, namespace=namespace)]
    )
    holder = "" if metadata.get("deletionTimestamp") else str((metadata.get("labels") or {}).get(labels.WORKFLOW, ""))
    moment = moments.stamp(moments.now())
    hourly = sum((of_spec(pod["spec"]) for pod in pods if _stays(pod)), NOTHING)
    return Look(moment, bounded(holder, 100), tuple(running(pods)), hourly)


def running(pods: Iterable[Object]) -> list[Running]:
    """Return the containers whose pods run: one that ended or goes away is of an earlier deployment, or will be."""
    found = []
    for pod in sorted(pods, key=lambda item: str(item["metadata"]["name"])):
        if not _stays(pod):
            continue
        status = pod.get("status") or {}
        specs = [*(pod["spec"].get("initContainers") or []), *(pod["spec"].get("containers") or [])]
        asked = {item["name"]: item.get("image", "") for item in specs}
        for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            if image_id := str(container.get("imageID") or ""):
                digest = image_id.rpartition("@")[2]
                name = container["name"]
                found.append(
                    Running(
                        pod=pod["metadata"]["name"],
                        container=name,
                        image=bounded(asked.get(name, container.get("image", "")), 500),
                        image_id=bounded(image_id, 500),
                        digest=digest if "@" in image_id and DIGEST.match(digest) else "",
                    )
                )
    return found[:CONTAINERS_LIMIT]


def _stays(pod: Object) -> bool:
    """Say whether a pod is there and neither over nor about to go."""
    phase = (pod.get("status") or {}).get("phase")
    return not pod["metadata"].get("deletionTimestamp") and phase not in ("Succeeded", "Failed")


def repository(image: str) -> str:
    """Return an image reference without tag and digest."""
    bare = image.partition("@")[0]
    folder, _, last = bare.rpartition("/")
    return f"{folder}/{last.partition(':')[0]}" if folder else last.partition(":")[0]


def foreign(seen: Look, wanted: str, digests: Iterable[str]) -> list[Running]:
    """Return the containers of repository `wanted` that run another digest than one of `digests`."""
    allowed = {*digests}
    ours = [item for item in seen.running if wanted in (repository(item.image), repository(item.image_id))]
    return [item for item in ours if item.digest and item.digest not in allowed]


def fault(seen: Look, workflow: str, wanted: str, digests: Iterable[str]) -> str:
    """Return in words why what answers in the preview is not what the run `workflow` deployed, or nothing.

    `workflow` is the run's label; `wanted` the repository of the application's image.
    """
    if seen.holder != workflow:
        who = f"belongs to the run {seen.holder}" if seen.holder else "belongs to no run, or goes away"
        return f"the preview {who}, not to this one ({workflow}): what answers there is not what this run deployed"
    others = foreign(seen, wanted, digests)
    if others:
        first = others[0]
        return (
            f"pod {first.pod}, container {first.container} runs {wanted} with {first.digest}, "
            f"not the tested {' or '.join(digests)}"
        )
    return ""


def settled(client: Client, namespace: str, workflow: str, wanted: str, digests: Iterable[str]) -> Look:
    """Return a look at the preview of this run, once pods of an earlier deployment are gone. Raises StepError."""
    allowed = tuple(digests)
    for _ in wait.rounds(SETTLE_SECONDS, POLL_SECONDS):
        seen = look(client, namespace)
        words = fault(seen, workflow, wanted, allowed)
        if not words:
            return seen
        if seen.holder != workflow:
            break
        say(f"waiting: {words}")
    raise StepError(words)
