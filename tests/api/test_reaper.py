"""The reaper with the chart's rights, on a real API server: what goes, what stays, and what it may not do."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, Event, Namespace, Pod, ServiceAccount
from lightkube.types import PatchType

from idag.render.manifests import Object
from implementation_dag.agents.pod import AgentRun
from implementation_dag.base import kube, wait
from implementation_dag.contract import labels, names
from implementation_dag.docsrun.job import NAME_LABEL
from implementation_dag.pull_requests import objects as previews_objects
from implementation_dag.reaper.api import Api
from implementation_dag.reaper.controller import Reaper
from implementation_dag.reaper.settings import Told, load
from scripts.lab.kubectl import Kubectl

from . import release
from .previews import NAMESPACE, RELEASE, preview
from .pull_requests.process import Process

NUMBERS = itertools.count(100)
PAST, LATER = "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
HOLD = "example.com/hold"
CONTAINER = {
    "name": "x",
    "image": "example.com/x:1",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
POD = {
    "containers": [CONTAINER],
    "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
}
UNLABELLED = dict.fromkeys((labels.PREVIEW, labels.RELEASE, labels.MANAGED_BY, labels.WORKFLOW), "")


@pytest.fixture(scope="module")
def admin(kubectl: Kubectl, previews: None) -> Client:
    """The cluster as an administrator sees it."""
    assert kubectl.kubeconfig
    found = release.client(kubectl.kubeconfig)
    kinds = (previews_objects.Resource, kube.Workflow, kube.DocsRun, AgentRun)
    assert wait.until(lambda: release.serves(found, *kinds), 30, 0.3)
    # The previews of all these tests have a run: the reaper leaves them alone.
    World(found).workflow("isolation", "Succeeded")
    return found


@pytest.fixture(scope="module")
def told(objects: list[Object]) -> Told:
    """What the chart tells the reaper; no reason waits."""
    found = load(release.environment(objects, name=f"{RELEASE}-reaper"))
    assert found.interval_seconds == 30
    return replace(found, decision=replace(found.decision, grace_seconds=0))


@pytest.fixture(scope="module")
def ours(kubectl: Kubectl, previews: None, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The API server as the reaper's own identity sees it."""
    return release.client(release.identity(kubectl, "reaper", tmp_path_factory.mktemp("identities")))


@pytest.fixture
def reaper(ours: Client, told: Told) -> Reaper:
    return Reaper(ours, told)


@pytest.fixture
def world(admin: Client) -> Iterator[World]:
    found = World(admin)
    yield found
    found.ends()


class World:
    """A cluster in which nothing acts but the reaper."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._made: list[str] = []

    def ends(self) -> None:
        """Let its namespaces go, as the cluster's own controller does when nothing holds them."""
        for name in self._made:
            self.client.delete(Namespace, name)
            gone = self.client.get(Namespace, name)
            assert gone.spec
            gone.spec.finalizers = []
            self.client._client._client.put(
                f"/api/v1/namespaces/{name}/finalize", json=kube.as_dict(gone)
            ).raise_for_status()

    def namespace(self, run: str = "", **changed: Any) -> str:
        """Make a preview's namespace."""
        number = next(NUMBERS)
        item = preview(f"impl-reaped-pr-{number}", RELEASE, f"reaped-pr-{number}.preview.example.com")
        metadata = item["metadata"]
        metadata["labels"] |= {labels.WORKFLOW: run or f"by-hand-{number}"} | changed.pop("labels", {})
        metadata["labels"] = {key: value for key, value in metadata["labels"].items() if value}
        metadata["annotations"] |= {"implementation-dag.dev/pr": str(number)} | changed.pop("annotations", {})
        metadata |= changed
        self.client.create(from_dict(item))
        self._made.append(str(metadata["name"]))
        return self._made[-1]

    def expired(self, **changed: Any) -> str:
        """Make one whose time is over."""
        return self.namespace(annotations=dict.fromkeys(labels.EXPIRES, PAST), **changed)

    def workflow(self, name: str, phase: str = "", **spec: Any) -> str:
        """Make a Workflow as Argo labels it; its uid."""
        given = {"workflows.argoproj.io/phase": phase} if phase else {}
        given |= {"workflows.argoproj.io/completed": "true"} if phase in ("Succeeded", "Failed", "Error") else {}
        metadata = {"name": name, "namespace": NAMESPACE, "labels": given}
        made = self.client.create(
            kube.Workflow.from_dict(
                {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}
            )
        )
        return str(kube.as_dict(made)["metadata"]["uid"])

    def preview(self, namespace: str, status: Object | None = None, **spec: Any) -> str:
        """Make the Preview that a namespace belongs to."""
        number = int(namespace.rpartition("-")[2])
        item = previews_objects.new("acme", "isolation", number, NAMESPACE)
        item["spec"] |= spec
        name = str(item["metadata"]["name"])
        self.client.create(previews_objects.Resource.from_dict(item))
        if status:
            patch = {"status": status}
            self.client.patch(
                previews_objects.Resource.Status, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE
            )
        return name

    def goes(self, namespace: str) -> bool:
        """Whether it was told to go; nothing here lets it be gone."""
        found = self.client.get(Namespace, namespace).metadata
        return bool(found and found.deletionTimestamp)

    def owned(self, kind: str, version: str, uid: str, name: str, owner: str, **more: Any) -> Any:
        """Make an object of a run, owned by somebody of that kind and uid."""
        reference = {"apiVersion": "example.com/v1", "kind": owner, "name": "owner", "uid": uid}
        item = {
            "apiVersion": version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": {labels.MANAGED_BY: labels.MANAGER, labels.RELEASE: RELEASE, labels.FENCED: RELEASE}
                | more.pop("labels", {}),
                "ownerReferences": [reference],
            },
        }
        return self.client.create(from_dict(item | more))

    def there(self, resource: Any, name: str, namespace: str = NAMESPACE) -> bool:
        """Whether an object is there."""
        try:
            return bool(self.client.get(resource, name, namespace=namespace))
        except ApiError as error:
            assert error.status.code == 404
            return False


def test_what_is_past_its_time_goes_and_nothing_else(reaper: Reaper, world: World) -> None:
    gone = world.expired()
    half = world.namespace(annotations={labels.EXPIRES[0]: PAST, labels.EXPIRES[1]: LATER})
    unlabelled = world.expired(labels=UNLABELLED)
    others = world.expired(labels={labels.RELEASE: "another"})
    later = world.namespace(annotations=dict.fromkeys(labels.EXPIRES, LATER))
    for name in (half, later):
        world.workflow(f"by-hand-{name.rpartition('-')[2]}", "Succeeded")
    reaper.look()
    assert [world.goes(name) for name in (gone, half, unlabelled, others, later)] == [True, False, False, False, False]


def test_a_preview_s_wish_overrules_what_stands_on_its_namespace(reaper: Reaper, world: World) -> None:
    pinned, extended, shortened = world.expired(), world.expired(), world.namespace()
    world.preview(pinned, pinned=True)
    world.preview(extended, expires=LATER)
    world.preview(shortened, expires=PAST)
    world.workflow(f"by-hand-{extended.rpartition('-')[2]}", "Succeeded")
    reaper.look()
    assert [world.goes(name) for name in (pinned, extended, shortened)] == [False, False, True]


@pytest.mark.parametrize("phase", ["Failed", "Error", "Succeeded", "Running"])
def test_what_a_run_left_that_ended_badly_goes(reaper: Reaper, world: World, phase: str) -> None:
    run = f"run-{phase.lower()}"
    world.workflow(run, phase)
    name = world.namespace(run)
    reaper.look()
    assert world.goes(name) is (phase in ("Failed", "Error"))


def test_a_run_that_is_gone_leaves_only_what_it_kept(reaper: Reaper, world: World) -> None:
    lost = world.namespace("run-lost")
    kept = world.namespace("run-kept", annotations={labels.KEPT: "run-kept"})
    taken_over = world.namespace("run-next", annotations={labels.KEPT: "run-kept"})
    reaper.look()
    assert [world.goes(name) for name in (lost, kept, taken_over)] == [True, False, True]


@pytest.mark.parametrize("phase", ["Failed", "Lost", "Succeeded"])
def test_what_a_preview_says_of_a_run_counts_more_than_argo(reaper: Reaper, world: World, phase: str) -> None:
    """Argo says that a run has succeeded which is terminated in its exit handler, when it has kept its preview."""
    run = f"run-judged-{phase.lower()}"
    world.workflow(run, "Succeeded")
    name = world.namespace(run, annotations={labels.KEPT: run})
    judged = {"name": run, "number": 1, "kind": "test", "phase": phase, "commit": "1" * 40, "claimed": PAST}
    world.preview(name, {"run": judged})
    reaper.look()
    assert world.goes(name) is (phase != "Succeeded")


def test_a_live_run_holds_what_is_of_its_pull_request(reaper: Reaper, world: World) -> None:
    """Also a run that a person submitted, and that has not come as far as the namespace."""
    name = world.expired()
    given = {"owner": "acme", "repo": "isolation", "pr": name.rpartition("-")[2]}
    parameters = [{"name": key, "value": value} for key, value in given.items()]
    world.workflow("by-hand-now", "Running", arguments={"parameters": parameters})
    reaper.look()
    assert not world.goes(name)
    world.client.delete(kube.Workflow, "by-hand-now", namespace=NAMESPACE)
    reaper.look()
    assert world.goes(name)


def test_a_closed_pull_request_and_a_preview_that_was_deleted(reaper: Reaper, world: World) -> None:
    closed, orphan = world.namespace(), world.namespace()
    since = {"reason": "NotWanted", "message": "it is closed", "lastTransitionTime": "2999-01-01T00:00:00Z"}
    world.preview(closed, {"conditions": [{"type": labels.WANTED, "status": "False"} | since]})
    world.workflow(f"by-hand-{closed.rpartition('-')[2]}", "Succeeded")
    run = names.run(names.pull_request("acme", "isolation", int(orphan.rpartition("-")[2])), 1)
    world.client.patch(Namespace, orphan, {"metadata": {"labels": {labels.WORKFLOW: run}}})
    world.workflow(run, "Succeeded")
    reaper.look()
    assert [world.goes(name) for name in (closed, orphan)] == [True, True]


def test_a_reason_must_hold_for_the_grace(ours: Client, told: Told, world: World) -> None:
    name = world.namespace("run-away")
    patient = Reaper(ours, replace(told, decision=replace(told.decision, grace_seconds=3)))
    patient.look()
    assert not world.goes(name)
    # Somebody made the run anew: the grace begins anew too.
    world.workflow("run-away", "Running")
    patient.look()
    world.client.delete(kube.Workflow, "run-away", namespace=NAMESPACE)
    patient.look()
    assert not world.goes(name)
    assert wait.until(lambda: patient.look() and world.goes(name), 15, 0.5)


def test_what_has_no_owner_any_more_goes(reaper: Reaper, world: World) -> None:
    live, gone = world.workflow("owner", "Running"), "00000000-0000-4000-8000-000000000000"
    spec = {"image": "registry.example.com/mkdocs:1", "command": ["x"], "serviceAccountName": "mkdocs"}
    box = {
        "image": "x",
        "command": ["x"],
        "resources": {},
        "timeoutSeconds": 60,
        "workspaceSize": "1Gi",
        "key": "a" * 64,
    }
    job = {"template": {"spec": POD | {"restartPolicy": "Never"}}}
    world.owned("DocsRun", "taskmaster.io/v1", live, "held", "Workflow", spec=spec)
    world.owned("DocsRun", "taskmaster.io/v1", gone, "orphan", "Workflow", spec=spec)
    world.owned("AgentRun", "implementation-dag.dev/v1alpha1", gone, "orphan", "Workflow", spec=box | {"key": "a" * 64})
    world.owned("Job", "batch/v1", gone, "orphan", "DocsRun", spec=job, labels={NAME_LABEL: "orphan"})
    world.owned("Job", "batch/v1", gone, "somebody-s", "DocsRun", spec=job)
    world.owned("Pod", "v1", gone, "orphan", "Workflow", spec=POD)
    world.owned("Pod", "v1", live, "held", "Workflow", spec=POD)
    given = {labels.PREVIEW: "true"}
    deployer = names.deployer(RELEASE, "impl-gone-pr-1")
    for name in (deployer, "not-a-deployer"):
        world.owned("ServiceAccount", "v1", gone, name, "Namespace", labels=given)
    reaper.look()
    assert [world.there(kind, "orphan") for kind in (kube.DocsRun, AgentRun, Job)] == [False] * 3
    assert not world.there(ServiceAccount, deployer)
    assert world.there(kube.DocsRun, "held")
    assert world.there(Pod, "held")
    assert world.there(Job, "somebody-s")
    assert world.there(ServiceAccount, "not-a-deployer")
    # A pod gets its grace.
    found = world.client.get(Pod, "orphan", namespace=NAMESPACE).metadata if world.there(Pod, "orphan") else None
    assert found is None or found.deletionTimestamp


def test_what_has_changed_since_it_was_read_stays(
    reaper: Reaper, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = world.expired()
    delete = Api.delete

    def late(api: Api, path: str, *given: Any, **more: Any) -> None:
        if path.endswith(name):
            world.client.patch(Namespace, name, {"metadata": {"annotations": dict.fromkeys(labels.EXPIRES, LATER)}})
            monkeypatch.undo()
        delete(api, path, *given, **more)

    world.workflow(f"by-hand-{name.rpartition('-')[2]}", "Succeeded")
    monkeypatch.setattr(Api, "delete", late)
    reaper.look()
    reaper.look()
    assert not world.goes(name)
    assert reaper.health()["faults"] == 0


def test_one_that_resists_holds_up_none_of_the_others(
    reaper: Reaper, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, *others = (world.expired() for _ in range(5))
    delete, asked = Api.delete, []

    def failing(api: Api, path: str, *given: Any, **more: Any) -> None:
        if path.endswith(broken):
            asked.append(path)
            raise httpx2.ReadTimeout("no answer")
        delete(api, path, *given, **more)

    monkeypatch.setattr(Api, "delete", failing)
    reaper.look()
    reaper.look()
    assert all(world.goes(name) for name in others)
    assert not world.goes(broken)
    # It is left alone for a while.
    assert len(asked) == 1
    assert f"Namespace {broken}" in caplog.text
    assert "cannot delete, trying again later: no answer" in caplog.text
    assert reaper.health()["faults"] == 1


def test_a_preview_that_cannot_be_read_is_left_alone(reaper: Reaper, world: World, admin: Client) -> None:
    name, other = world.expired(), world.expired()
    world.preview(name, expires="2026-01-01T00:00:00Z", commands={"1": {}})
    # A later version of ours may write a kind of run that this one does not know.
    reaper_sees = previews_objects.preview
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(previews_objects, "preview", lambda item: 1 / 0 if name else reaper_sees(item))
        reaper.look()
    assert not world.goes(name)
    assert world.goes(other)


def test_dry_run_says_why_and_takes_nothing(
    ours: Client, told: Told, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    name = world.expired()
    dry = Reaper(ours, replace(told, dry_run=True))
    with caplog.at_level(logging.INFO):
        assert dry.look() == 0
        assert dry.look() == 0
    assert not world.goes(name)
    said = [line for line in caplog.messages if name in line]
    assert len(said) == 1
    assert "its time was over at 2026-01-01T00:00:00Z; this is a dry run" in said[0]


@pytest.mark.parametrize("removed", [[], [HOLD]], ids=["by default", "by values"])
def test_what_holds_a_namespace_is_named_and_taken_off_by_values_alone(
    ours: Client, told: Told, world: World, caplog: pytest.LogCaptureFixture, removed: list[str]
) -> None:
    name = world.namespace()
    metadata = {"name": "held", "namespace": name, "finalizers": [HOLD, "example.com/other"]}
    world.client.create(from_dict({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}))
    world.client.delete(Namespace, name)
    world.client.delete(ConfigMap, "held", namespace=name)
    Reaper(ours, replace(told, remove_finalizers=frozenset(removed))).look()
    assert f"configmaps/held has finalizer {HOLD}, example.com/other" in caplog.text
    messages = [str(event.message) for event in world.client.list(Event, namespace=NAMESPACE)]
    assert [text for text in messages if name in text and "configmaps/held" in text]
    found = world.client.get(ConfigMap, "held", namespace=name).metadata
    assert found
    assert found.finalizers == [each for each in (HOLD, "example.com/other") if each not in removed]
    world.client.patch(ConfigMap, "held", {"metadata": {"finalizers": []}}, namespace=name, patch_type=PatchType.MERGE)


def test_a_finalizer_of_the_namespace_itself_is_taken_off_too(ours: Client, told: Told, world: World) -> None:
    name = world.namespace(finalizers=[HOLD])
    world.client.delete(Namespace, name)
    Reaper(ours, replace(told, remove_finalizers=frozenset([HOLD]))).look()
    found = world.client.get(Namespace, name).metadata
    assert found
    assert not found.finalizers


def test_a_pod_that_does_not_end_is_killed(reaper: Reaper, world: World) -> None:
    name = world.namespace()
    item = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "deaf", "namespace": name},
        "spec": POD | {"nodeName": "lost", "terminationGracePeriodSeconds": 1},
    }
    world.client.create(from_dict(item))
    world.client.delete(Namespace, name)
    world.client.delete(Pod, "deaf", namespace=name)
    assert world.there(Pod, "deaf", name)
    assert wait.until(lambda: reaper.look() >= 0 and not world.there(Pod, "deaf", name), 20, 0.5)


@pytest.mark.parametrize("what", ["another", "unlabelled"])
def test_its_identity_is_refused_what_is_not_ours(ours: Client, world: World, what: str) -> None:
    name = world.expired(labels={labels.RELEASE: "another"} if what == "another" else UNLABELLED)
    with pytest.raises(ApiError, match="is no preview"):
        ours.delete(Namespace, name)


HELD: list[Object] = [
    {"labels": {"x": "y"}},
    {"annotations": {"x": "y"}},
    {"finalizers": ["example.com/hold"]},
    {"finalizers": []},
]


@pytest.mark.parametrize("metadata", HELD, ids=["label", "annotation", "another finalizer", "a finalizer less"])
@pytest.mark.parametrize("going", [False, True], ids=["that stays", "that goes"])
def test_its_identity_takes_named_finalizers_off_in_previews_that_go_and_changes_nothing(
    ours: Client, world: World, metadata: Object, going: bool
) -> None:
    name = world.namespace()
    given = {"name": "held", "namespace": name, "finalizers": ["example.com/other"]}
    world.client.create(from_dict({"apiVersion": "v1", "kind": "ConfigMap", "metadata": given}))
    if going:
        world.client.delete(Namespace, name)
    with pytest.raises(
        ApiError, match=r"may only take finalizers off in previews that go, and of them example\.com/hold"
    ):
        ours.patch(ConfigMap, "held", {"metadata": metadata}, namespace=name, patch_type=PatchType.MERGE)
    with pytest.raises(ApiError, match="may only take finalizers off"):
        ours.patch(Namespace, name, {"metadata": {"annotations": {labels.KEPT: "x"}}})
    with pytest.raises(ApiError, match="forbidden"):
        ours.create(from_dict({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": name}}))
    world.client.patch(ConfigMap, "held", {"metadata": {"finalizers": []}}, namespace=name, patch_type=PatchType.MERGE)


def test_a_pod_of_a_live_preview_is_not_its_to_delete(ours: Client, world: World) -> None:
    name = world.namespace()
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "live", "namespace": name}}
    world.client.create(from_dict(pod | {"spec": POD}))
    with pytest.raises(ApiError, match="only while the preview goes"):
        ours.delete(Pod, "live", namespace=name)


def test_of_a_preview_that_was_made_beforehand_the_release_is_uninstalled(
    admin: Client, told: Told, world: World
) -> None:
    """The namespace stays: whoever made it takes it away."""
    name = world.expired(run="run-beforehand")
    uid = str(kube.as_dict(world.client.get(Namespace, name))["metadata"]["uid"])
    deployer = names.deployer(RELEASE, name)
    world.owned("ServiceAccount", "v1", uid, deployer, "Namespace", labels={labels.PREVIEW: "true"})
    stays = Reaper(admin, replace(told, decision=replace(told.decision, cluster_scoped=False)))
    stays.look()
    found = kube.as_dict(world.client.get(kube.DocsRun, "run-beforehand-reap", namespace=NAMESPACE))
    assert (found["spec"]["serviceAccountName"], found["spec"]["targetNamespace"]) == (deployer, name)
    assert found["spec"]["env"][1]["value"] == f"isolation-pr-{name.rpartition('-')[2]}"
    stays.look()
    assert world.there(ServiceAccount, deployer)
    status = {"status": {"phase": "Succeeded", "reason": "Completed"}}
    world.client.patch(
        kube.DocsRun.Status, "run-beforehand-reap", status, namespace=NAMESPACE, patch_type=PatchType.MERGE
    )
    stays.look()
    assert not world.there(ServiceAccount, deployer)
    assert not world.there(kube.DocsRun, "run-beforehand-reap")
    assert not world.goes(name)
    assert stays.health()["faults"] == 0


def test_two_at_once_and_killed_at_any_moment_take_each_thing_once(
    kubectl: Kubectl, objects: list[Object], world: World, tmp_path: Path
) -> None:
    made = [world.expired() for _ in range(40)]
    stays = world.namespace("run-two", annotations={labels.KEPT: "run-two"} | dict.fromkeys(labels.EXPIRES, LATER))
    env = release.environment(objects, name=f"{RELEASE}-reaper")
    env |= {"KUBECONFIG": str(release.identity(kubectl, "reaper", tmp_path))}
    both = [Process("reaper", env, tmp_path / f"reaper-{number}.log") for number in range(2)]
    try:
        for each in both:
            each.start(ready=False)
        assert wait.until(lambda: all(world.goes(name) for name in made), 60, 0.5), both[0].log.read_text()
        answer = wait.until(lambda: _health(both[0]), 30, 0.5)
    finally:
        for each in both:
            each.kill()
    assert answer["Reaper"]["faults"] == 0
    assert not world.goes(stays)


def _health(process: Process) -> Any:
    try:
        return httpx2.get(f"http://127.0.0.1:{process.port}/healthz", timeout=2, trust_env=False).json()
    except httpx2.HTTPError:
        return None
