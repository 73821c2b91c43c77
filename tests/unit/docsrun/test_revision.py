"""Only pods and events of this deployment are judged: not those of an earlier one, another run or an old revision."""

from typing import Any

import pytest

from implementation_dag.docsrun.helm.revision import REVISION, Scene, own

Object = dict[str, Any]


def thing(uid: str, owner: tuple[str, str] | None = None, revision: str = "", **metadata: Any) -> Object:
    owners = [{"kind": owner[0], "uid": owner[1]}] if owner else []
    annotations = {REVISION: revision} if revision else {}
    return {"metadata": {"uid": uid, "ownerReferences": owners, "annotations": annotations, **metadata}}


def deployment(revision: str, generation: int = 2, observed: int = 2) -> Object:
    item = thing("deployment", revision=revision, generation=generation)
    return item | {"status": {"observedGeneration": observed}}


REPLICASETS = [thing("old", ("Deployment", "deployment"), "1"), thing("new", ("Deployment", "deployment"), "2")]


def uids(now: Scene, before: Scene | None = None) -> list[str]:
    return [pod["metadata"]["uid"] for pod in own(now, before or Scene()).pods]


def test_a_pod_of_the_newest_revision_counts() -> None:
    pods = [thing("mine", ("ReplicaSet", "new")), thing("theirs", ("ReplicaSet", "old"))]
    assert uids(Scene(pods, [], REPLICASETS, [deployment("2")])) == ["mine"]


def test_a_pod_that_was_there_before_does_not_count() -> None:
    pods = [thing("crashing", ("ReplicaSet", "old"))]
    scene = Scene(pods, [], REPLICASETS[:1], [deployment("1")])
    assert uids(scene) == ["crashing"]
    assert uids(scene, scene) == []


def test_an_old_revision_is_not_taken_for_the_newest_before_its_controller_looked() -> None:
    pods = [thing("late", ("ReplicaSet", "old"))]
    assert uids(Scene(pods, [], REPLICASETS[:1], [deployment("1", generation=3)])) == []


def test_after_a_rollback_the_older_replicaset_is_the_newest_revision() -> None:
    sets = [thing("old", ("Deployment", "deployment"), "3"), thing("new", ("Deployment", "deployment"), "2")]
    pods = [thing("again", ("ReplicaSet", "old")), thing("broken", ("ReplicaSet", "new"))]
    assert uids(Scene(pods, [], sets, [deployment("3")])) == ["again"]


def test_a_statefulset_s_pod_counts_with_the_newest_template() -> None:
    pods = [
        thing("stale", ("StatefulSet", "db"), labels={"controller-revision-hash": "db-1"}),
        thing("fresh", ("StatefulSet", "db"), labels={"controller-revision-hash": "db-2"}),
    ]
    sets = [thing("db") | {"status": {"updateRevision": "db-2"}}]
    assert uids(Scene(pods, statefulsets=sets)) == ["fresh"]


def test_a_bare_pod_and_a_job_s_count_when_they_are_new() -> None:
    pods = [thing("bare"), thing("hook", ("Job", "migrate"))]
    assert uids(Scene(pods)) == ["bare", "hook"]
    assert uids(Scene(pods), Scene(pods[:1])) == ["hook"]


def event(uid: str, version: str, replicaset: str) -> Object:
    return thing(uid, resourceVersion=version) | {"involvedObject": {"kind": "ReplicaSet", "uid": replicaset}}


def test_an_event_counts_when_it_is_new_or_happened_again() -> None:
    before = Scene(events=[event("a", "1", "new"), event("b", "1", "new")])
    events = [event("a", "1", "new"), event("b", "2", "new"), event("c", "1", "old"), event("d", "1", "new")]
    now = Scene([], events, REPLICASETS, [deployment("2")])
    assert [item["metadata"]["uid"] for item in own(now, before).events] == ["b", "d"]


@pytest.mark.parametrize("reason", ["Evicted", "NodeAffinity", "Terminated"])
@pytest.mark.parametrize("other", ["Running", "Pending", "Succeeded"])
def test_a_failed_pod_counts_until_its_owner_has_made_another(reason: str, other: str) -> None:
    failed = thing("failed", ("ReplicaSet", "new")) | {"status": {"phase": "Failed", "reason": reason}}
    made = thing("made", ("ReplicaSet", "new")) | {"status": {"phase": other}}
    alone = thing("alone") | {"status": {"phase": "Failed", "reason": reason}}
    job = thing("job", ("Job", "migrate")) | {"status": {"phase": "Failed"}}

    def counted(*pods: Object) -> list[str]:
        return uids(Scene(list(pods), [], REPLICASETS, [deployment("2")]))

    assert counted(failed, alone, job) == ["failed", "alone", "job"]
    assert counted(failed, made, alone, job) == ["made", "alone", "job"]
    assert counted(job, thing("again", ("Job", "migrate"))) == ["again"]
