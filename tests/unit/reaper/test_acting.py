"""What the reaper reads and does, one thing at a time: what resists is left alone for longer each time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import httpx2
import pytest
from lightkube import ApiError

from implementation_dag.base import metrics, wait
from implementation_dag.docsrun import removal
from implementation_dag.reaper import acting, beforehand, held
from implementation_dag.reaper.acting import FIRST_BACKOFF_SECONDS, MOST_BACKOFF_SECONDS, Acting
from implementation_dag.reaper.controller import Reaper
from implementation_dag.reaper.model import Decision, Doomed, How, Kind, Settings
from implementation_dag.reaper.reading import path, preview, thing
from implementation_dag.reaper.settings import Told

from .test_decide import NOW, namespace, owned

TOLD = Told(Settings("release", "workflows"), "example.com/runtime:1")


class Api:
    """An API server that notes what it is asked for, and answers with an error where it has one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.asked = error, []  # type: ignore[var-annotated]

    def delete(self, *given: Any, **more: Any) -> None:
        self.asked.append((*given, more))
        if self.error:
            raise self.error


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(wait, "CLOCK", found)
    return found


def refusal(code: int) -> ApiError:
    status = {"kind": "Status", "code": code, "message": "no"}
    return ApiError(response=httpx2.Response(code, json=status, request=httpx2.Request("DELETE", "https://cluster")))


@pytest.mark.parametrize("error", [refusal(403), refusal(500), httpx2.ReadTimeout("no"), ValueError("ours")])
def test_what_resists_is_tried_again_later_each_time(error: Exception, clock: Clock) -> None:
    api: Any = Api(error)
    found = Acting(api, TOLD)
    decision = Decision((Doomed(namespace(), "because"),))
    waits: list[float] = []
    for _ in range(8):
        since = clock.now
        while len(api.asked) == len(waits):
            assert found.do(decision) == 0
            clock.now += 1
        waits.append(clock.now - since)
    assert waits[1] == FIRST_BACKOFF_SECONDS
    assert waits[2] == 2 * FIRST_BACKOFF_SECONDS
    assert waits[-1] == MOST_BACKOFF_SECONDS
    assert found.faults == 8
    api.error = None
    clock.now += MOST_BACKOFF_SECONDS
    assert found.do(decision) == 1


@pytest.mark.parametrize("code", [404, 409])
def test_what_has_changed_is_no_fault_and_is_decided_anew(code: int) -> None:
    api: Any = Api(refusal(code))
    found = Acting(api, TOLD)
    for _ in range(2):
        assert found.do(Decision((Doomed(namespace(), "because"),))) == 0
    assert len(api.asked) == 2
    assert found.faults == 0


def test_a_deletion_names_what_was_read_and_a_kill_the_pod_itself() -> None:
    api: Any = Api()
    Acting(api, TOLD).do(Decision((Doomed(namespace(), "because"), Doomed(owned(Kind.POD), "because", How.KILL))))
    assert sorted(api.asked, key=str) == [
        ("/api/v1/namespaces/impl-pr-7", "ns", "1", {"kill": False}),
        ("/api/v1/namespaces/workflows/pods/x", "x", "", {"kill": True}),
    ]


def test_what_a_pass_does_not_come_to_is_left_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    api: Any = Api()
    monkeypatch.setattr(acting, "PASS_SECONDS", 0)
    assert Acting(api, TOLD).do(Decision((Doomed(namespace(), "because"),))) == 0
    assert api.asked == []


def test_paths_are_those_of_the_kinds() -> None:
    assert path(Kind.NAMESPACE, "", "impl-pr-7") == "/api/v1/namespaces/impl-pr-7"
    assert path(Kind.DOCSRUN, "workflows") == "/apis/taskmaster.io/v1/namespaces/workflows/docsruns"


def test_a_preview_that_cannot_be_read_counts_as_pinned() -> None:
    assert preview({"metadata": {"name": "x"}, "spec": {}}).pinned


def test_a_thing_is_what_the_api_server_sent() -> None:
    metadata = {"name": "x", "uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-11-30T00:00:00Z"}
    found = thing(Kind.POD, {"metadata": metadata, "status": {"phase": "Failed"}})
    assert (found.created, found.phase, found.deleted, found.owners) == (NOW, "Failed", None, ())


def test_what_holds_a_namespace_is_named_and_no_more_than_people_read() -> None:
    items = [
        held.Holding(f"/api/v1/namespaces/x/configmaps/c{number}", {"metadata": {"finalizers": ["a/b"]}})
        for number in range(12)
    ]
    said = namespace(
        finalizers=("c/d",), conditions=("Some resources are remaining: secrets. has 1 resource instances", "All good")
    )
    words = held.explained(said, items)
    assert words.startswith("configmaps/c0 has finalizer a/b; configmaps/c1 has finalizer a/b")
    assert words.endswith(
        "and 2 more; itself has finalizer c/d; Some resources are remaining: secrets. has 1 resource instances"
    )
    assert "All good" not in words
    assert held.explained(namespace(), []) == "nothing that the reaper can see"


def test_an_event_is_on_the_preview_or_else_on_the_reaper() -> None:
    assert held.subject("shop-1", TOLD.decision)["kind"] == "Preview"
    found = held.subject("", TOLD.decision)
    assert (found["kind"], found["name"]) == ("Deployment", "release-reaper")


def test_the_uninstall_runs_as_the_preview_s_own_deployer() -> None:
    spec = beforehand.removal(namespace(), TOLD)["spec"]
    assert spec == removal.spec("example.com/runtime:1", "release-deployer.impl-pr-7", "impl-pr-7", "shop-pr-7")
    assert (spec["serviceAccountName"], spec["targetNamespace"]) == ("release-deployer.impl-pr-7", "impl-pr-7")
    assert spec["env"][1] == {"name": "RELEASE", "value": "shop-pr-7"}


def shown(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"implementation_dag_{name}", labels) or 0.0


def test_what_went_what_stays_and_why_is_shown() -> None:
    before = [shown("reaper_removed_total", kind="Namespace", reason=reason) for reason in ("leaked", "over")]
    one, two = Doomed(namespace(), "its run is gone", leaked=True), Doomed(namespace(), "its time was over")
    Acting(cast(Any, Api()), TOLD).do(Decision((one, two), waiting=(one,)))
    after = [shown("reaper_removed_total", kind="Namespace", reason=reason) for reason in ("leaked", "over")]
    assert [now - was for was, now in zip(before, after, strict=True)] == [1, 1]
    assert [shown(f"reaper_{name}") for name in ("left", "waiting", "stuck_namespaces")] == [0, 1, 0]
    Acting(cast(Any, Api(refusal(500))), TOLD).do(Decision((one, two)))
    assert [shown(f"reaper_{name}") for name in ("left", "waiting")] == [2, 0]
    Acting(cast(Any, Api()), replace(TOLD, dry_run=True)).do(Decision((one,)))
    assert shown("reaper_left") == 1
    assert [shown("reaper_removed_total", kind="Namespace", reason=r) for r in ("leaked", "over")] == after


class Broken(Reaper):
    def __init__(self) -> None: ...

    def look(self) -> int:
        raise ApiError(response=httpx2.Response(500, json={}, request=httpx2.Request("GET", "https://cluster")))


def test_passes_are_counted_by_how_they_ended() -> None:
    before = shown("reaper_passes_total", result="failure"), shown("reaper_pass_duration_seconds_count")
    with pytest.raises(ApiError):
        Broken()._passes()
    assert shown("reaper_passes_total", result="failure") == before[0] + 1
    assert shown("reaper_pass_duration_seconds_count") == before[1] + 1
