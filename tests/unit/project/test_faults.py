"""The fault matrix has what it promises, and its judge names whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from implementation_dag.contract import labels, names
from scripts.lab.stand import previews
from scripts.lab.stand.forge import QA, REPORTER
from scripts.lab.stand.release import RELEASE
from tests.e2e.faults import cases, components, strikes
from tests.e2e.faults.ground import Ground, Run
from tests.e2e.faults.judge import violations
from tests.e2e.forge.place import Pull

HEAD, OTHER = "a" * 40, "b" * 40
Object = dict[str, Any]


def test_there_are_at_least_100_cases_and_each_is_known_by_its_name() -> None:
    found = cases.matrix(1)
    assert len({case.name for case in found}) == len(found) >= 100
    assert [case for case in found if case.name in cases.LEAKED]
    for case in found:
        known = case.fault in strikes.STRIKES or case.fault in components.OTHERS
        assert known or case.fault.removeprefix("kill-") in (*components.IN_PODS, *components.ON_NODE), case.fault


def test_a_case_is_replayed_by_its_name_and_seed_whatever_else_runs() -> None:
    (alone,) = cases.matrix(7, "terminate@deploy")
    among = next(case for case in cases.matrix(7) if case.name == "terminate@deploy")
    assert alone.chance.random() == among.chance.random()
    assert alone.chance.random() != cases.matrix(8, "terminate@deploy")[0].chance.random()


def test_a_name_that_no_case_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"CASE=terminate@lunch: must be of .*terminate@deploy"):
        cases.matrix(1, "stop@deploy,terminate@lunch")


class World:
    """A cluster and a forge after a good run of pull request 7."""

    def __init__(self) -> None:
        self.run = Run(Pull(7, "branch", HEAD), HEAD)
        name = names.run(self.run.pull.name, 1)
        outputs = {"parameters": [{"name": "COMMIT", "value": HEAD}]}
        nodes = {"1": {"displayName": "set-params", "phase": "Succeeded", "outputs": outputs}}
        owner = {"metadata": {"name": name, "uid": "w", "labels": {}}, "status": {"phase": "Succeeded", "nodes": nodes}}
        said = {labels.PR_OF_PREVIEW: "7", labels.REPO_OF_PREVIEW: "shop"}
        self.workflows_there: list[Object] = [owner]
        self.preview: Object = {"spec": {"head": HEAD}, "status": {"phase": "Ready"}}
        self.namespace: Object | None = {"metadata": {"labels": {labels.WORKFLOW: name}, "annotations": said}}
        self.things: dict[str, list[Object]] = {}
        self.account: Object | None = {"metadata": {"name": names.deployer(RELEASE, "impl-pr-7")}}
        self.status = ("success", "passed")
        self.reviews = [{"user": {"login": QA}, "state": "APPROVED", "commit_id": HEAD}]
        self.comments = [{"user": {"login": REPORTER}}]
        self.answers = 200

    def ground(self) -> Ground:
        def named(kind: str, _: str, __: str = "") -> Object | None:
            return self.preview if kind == "previews" else self.account

        def listed(kind: str, _: str = "", namespace: str = "") -> list[Object]:
            return self.things.get(f"{namespace}/{kind}".lstrip("/"), [])

        shown = SimpleNamespace(reviews=self.reviews, comments=self.comments)
        host = SimpleNamespace(shown=lambda *_: shown)
        found = SimpleNamespace(
            named=named,
            listed=listed,
            workflows=lambda _: self.workflows_there,
            preview_namespace=lambda _: self.namespace,
            get=lambda _: {"items": self.things.get("volumes", [])},
            session=SimpleNamespace(host=host, environment=SimpleNamespace(domain="example.com")),
            place=SimpleNamespace(told=lambda _: self.status),
        )
        return cast(Ground, found)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    monkeypatch.setattr(previews, "observe", lambda _, url: previews.Observation(url, found.answers, ""))
    return found


def owned(name: str, uid: str, kind: str = "Workflow", **status: str) -> Object:
    return {"metadata": {"name": name, "uid": name, "ownerReferences": [{"kind": kind, "uid": uid}]}, "status": status}


def failed(world: World) -> None:
    """The run failed, and its preview is gone."""
    world.preview["status"] = {"phase": "Failed"}
    world.workflows_there[0]["status"] = {"phase": "Failed"}
    world.namespace = world.account = None
    world.status, world.reviews = ("failure", "a test failed"), []


def closed(world: World) -> None:
    """The pull request was closed, and its preview is gone."""
    world.preview["status"] = {"phase": "Ended"}
    world.run.closed, world.namespace, world.account = True, None, None


@pytest.mark.parametrize("state", [lambda _: None, failed, closed], ids=["ready", "failed", "closed"])
def test_what_is_as_it_should_be_is_no_violation(world: World, state: Callable[[World], None]) -> None:
    state(world)
    assert violations(world.ground(), world.run) == []


def _namespace_left(world: World) -> None:
    left = world.namespace
    failed(world)
    world.namespace = left


def _account_left(world: World) -> None:
    left = world.account
    closed(world)
    world.account = left


def _holds_a_lock(world: World) -> None:
    world.workflows_there[0]["status"]["synchronization"] = {"mutex": {"holding": [{"mutex": "acme/shop/7"}]}}


def _set(name: str, value: Any) -> Callable[[World], None]:
    return lambda world: setattr(world, name, value)


def _thing(kind: str, thing: Object) -> Callable[[World], None]:
    return lambda world: world.things.update({kind: [thing]})


WRONG: dict[str, Callable[[World], None]] = {
    "namespace impl-pr-7 is there": _namespace_left,
    "account .* is there": _account_left,
    "holds": _holds_a_lock,
    "namespace impl-pr-7 is gone": _set("namespace", None),
    "answers 503": _set("answers", 503),
    "QA approved bbbb": lambda world: world.reviews.append(world.reviews[0] | {"commit_id": OTHER}),
    "QA has not approved": _set("reviews", []),
    "the status of aaaa": _set("status", ("pending", "running")),
    "2 comments": lambda world: world.comments.append(world.comments[0]),
    "has not commented": _set("comments", []),
    "Preview is Running": lambda world: world.preview.update(status={"phase": "Running"}),
    "Preview knows head": lambda world: world.preview.update(spec={"head": OTHER}),
    "Workflow .* must have ended": lambda world: world.workflows_there[0].update(status={"phase": "Running"}),
    "DocsRun late is Running": _thing("docsruns", owned("late", "w", phase="Running")),
    "DocsRun orphan is there": _thing("docsruns", owned("orphan", "gone", phase="Succeeded")),
    "Job orphan is there": _thing("jobs", owned("orphan", "gone", kind="DocsRun")),
    "AgentRun box is there": _thing("agentruns", owned("box", "w")),
    "pod step runs": _thing("pods", owned("step", "w", phase="Running")),
    "PersistentVolume .* is of impl-pr-7": _thing(
        "volumes", {"metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "impl-pr-7"}}}
    ),
    "Deployment other .* of release None": _thing("impl-pr-7/deployments", {"metadata": {"name": "other"}}),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_named(world: World, words: str) -> None:
    WRONG[words](world)
    found = "\n".join(violations(world.ground(), world.run))
    assert re.search(words, found), found
