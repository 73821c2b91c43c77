"""Which pods and events of a preview are this deployment's: those of an earlier one, or of another run, say nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Scene:
    """What is in the preview at one moment, as the API server tells it."""

    pods: list[Object] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    replicasets: list[Object] = field(default_factory=list)
    deployments: list[Object] = field(default_factory=list)
    statefulsets: list[Object] = field(default_factory=list)


@dataclass(frozen=True)
class Own:
    """What of a scene counts for this deployment; `replaces`: there were pods before, which give way to it."""

    pods: list[Object]
    events: list[Object]
    replaces: bool = False


def own(now: Scene, before: Scene) -> Own:
    """Return the pods and events of `now` that are of this deployment, which began at `before`.

    What was there before is left out: it is replaced, or helm itself waits for it. Of what is new, only the newest
    revision counts: an old ReplicaSet still makes pods until the new one is ready. A pod that failed, such as one that
    its node evicted, stays beside the one that its owner made in its place, and says no more.
    """
    known, heard = {_uid(pod) for pod in before.pods}, {_version(event) for event in before.events}
    current = _current(now)
    return Own(
        [pod for pod in _unreplaced(now.pods) if _uid(pod) not in known and _is_newest(pod, now, current)],
        [event for event in now.events if _version(event) not in heard and _is_of(event, current)],
        bool(before.pods),
    )


def _current(scene: Scene) -> set[str]:
    """Uids of the ReplicaSets that are the newest revision of their Deployment, or nobody's."""
    # A Deployment that its controller has not looked at since helm changed it still names the old revision.
    revisions = {_uid(item): _revision(item) for item in scene.deployments if _is_observed(item)}
    found = set()
    for item in scene.replicasets:
        owner = _owner(item, "Deployment")
        if not owner or (owner in revisions and revisions[owner] == _revision(item)):
            found.add(_uid(item))
    return found


def _revision(item: Object) -> str:
    return str((item["metadata"].get("annotations") or {}).get(REVISION))


def _is_observed(item: Object) -> bool:
    return bool(item["metadata"].get("generation") == (item.get("status") or {}).get("observedGeneration"))


def _is_newest(pod: Object, scene: Scene, current: set[str]) -> bool:
    if replicaset := _owner(pod, "ReplicaSet"):
        return replicaset in current
    if statefulset := _owner(pod, "StatefulSet"):
        newest = {_uid(item): (item.get("status") or {}).get("updateRevision") for item in scene.statefulsets}
        return newest.get(statefulset) == (pod["metadata"].get("labels") or {}).get("controller-revision-hash")
    return True


def _unreplaced(pods: list[Object]) -> list[Object]:
    """The pods without those that failed and whose owner has another one."""
    alive = {uid for pod in pods if not _has_failed(pod) for uid in _owners(pod)}
    return [pod for pod in pods if not _has_failed(pod) or alive.isdisjoint(_owners(pod))]


def _has_failed(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") == "Failed"


def _owners(item: Object) -> set[str]:
    return {str(owner["uid"]) for owner in item["metadata"].get("ownerReferences") or []}


def _is_of(event: Object, current: set[str]) -> bool:
    subject = event.get("involvedObject") or {}
    return subject.get("kind") != "ReplicaSet" or subject.get("uid") in current


def _owner(item: Object, kind: str) -> str:
    owners = item["metadata"].get("ownerReferences") or []
    return next((str(owner["uid"]) for owner in owners if owner["kind"] == kind), "")


def _uid(item: Object) -> str:
    return str(item["metadata"]["uid"])


def _version(event: Object) -> tuple[str, str]:
    """An event that happens again is the same object in a new version."""
    return _uid(event), str(event["metadata"].get("resourceVersion"))
