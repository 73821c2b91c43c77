"""What waits is worked on and answered once; what goes wrong is tried again, and nothing holds up the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from implementation_dag.base import metrics, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.sweep import STALLED_SECONDS, Stalled
from implementation_dag.provisioner import controller, work
from implementation_dag.provisioner.controller import Provisioner
from implementation_dag.provisioner.model import Unwanted

from .api import Server, api
from .example import node, told, workflow

LONG_AGO = 1e9


@pytest.fixture
def server() -> Server:
    return Server(workflow(node("provision")))


@pytest.fixture
def begin(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Provisioner]:
    """Return what makes a provisioner; `does` is the work of a node."""

    def start(does: Callable[[], dict[str, str]], step_seconds: float = LONG_AGO) -> Provisioner:
        monkeypatch.setattr(work, "do", lambda *_: does())
        return Provisioner(api(server).client, told(step_seconds))

    return start


def settled(provisioner: Provisioner) -> None:
    assert wait.until(lambda: not provisioner._busy, 10, 0.01)


def answer(server: Server) -> dict[str, Any]:
    """The one answer."""
    (patch,) = server.patches
    found: dict[str, Any] = patch["status"]["nodes"]["id-0"]
    return found


def test_a_node_is_answered_with_what_came_of_it(server: Server, begin: Callable[..., Provisioner]) -> None:
    provisioner = begin(lambda: {"outcome": "made"})
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert answer(server)["outputs"] == {"parameters": [{"name": "outcome", "value": "made"}]}
    assert (
        'implementation_dag_provisioner_steps_total{result="Succeeded",step="provision"}' in metrics.scraped().decode()
    )
    provisioner.look()
    settled(provisioner)
    assert len(server.patches) == 1


def test_what_fails_is_told_in_its_words(server: Server, begin: Callable[..., Provisioner]) -> None:
    def fails() -> dict[str, str]:
        raise StepError("namespace 'impl-pr-7' exists")

    provisioner = begin(fails)
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert (answer(server)["phase"], answer(server)["message"]) == ("Failed", "namespace 'impl-pr-7' exists")


def test_what_lacks_an_output_fails(server: Server, begin: Callable[..., Provisioner]) -> None:
    provisioner = begin(dict)
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert "wants outputs that this release does not give: outcome" in answer(server)["message"]


def test_what_waits_no_more_is_left_alone(server: Server, begin: Callable[..., Provisioner]) -> None:
    def unwanted() -> dict[str, str]:
        raise Unwanted("run run-1 is gone")

    provisioner = begin(unwanted)
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert (server.patches, provisioner.health()["faults"]) == ([], 0)
    assert provisioner._waiting == {}


def test_a_fault_is_tried_again(server: Server, begin: Callable[..., Provisioner]) -> None:
    tries = iter([RuntimeError("a fault of ours")])

    def once() -> dict[str, str]:
        for error in tries:
            raise error
        return {"outcome": "made"}

    provisioner = begin(once)
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert (server.patches, provisioner.health()["faults"]) == ([], 1)
    provisioner.look()
    settled(provisioner)
    assert answer(server)["phase"] == "Succeeded"


def test_an_answer_that_cannot_be_written_is_tried_again(server: Server, begin: Callable[..., Provisioner]) -> None:
    provisioner = begin(lambda: {"outcome": "made"})
    server.on_write = lambda _: 403
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert server.patches == []
    server.on_write = lambda _: None
    provisioner.look()
    settled(provisioner)
    assert answer(server)["phase"] == "Succeeded"


def test_a_node_is_worked_on_once_and_fails_when_its_time_is_over(
    server: Server, begin: Callable[..., Provisioner]
) -> None:
    go, works = threading.Event(), []

    def long() -> dict[str, str]:
        works.append(1)
        go.wait(10)
        raise Unwanted("answered meanwhile")

    provisioner = begin(long)
    provisioner.changed("run-1", server.run)
    provisioner.look()
    provisioner._told = told(600)
    provisioner.look()
    assert wait.until(lambda: server.patches, 10, 0.01)
    go.set()
    settled(provisioner)
    assert works == [1]
    assert "provision has no answer after 600 s (value steps.timeoutSeconds)" in answer(server)["message"]


def test_a_run_that_cannot_be_read_holds_up_no_other(server: Server, begin: Callable[..., Provisioner]) -> None:
    provisioner = begin(lambda: {"outcome": "made"})
    assert server.run
    packed = workflow()
    packed["status"]["compressedNodes"] = "x"
    provisioner.changed("packed", packed)
    provisioner.changed("odd", workflow(node("provision", startedAt="soon")))
    assert provisioner.health()["faults"] == 1
    provisioner.changed("run-1", server.run)
    settled(provisioner)
    assert answer(server)["phase"] == "Succeeded"
    provisioner.changed("run-1", None)


def test_not_all_are_worked_on_at_once(
    server: Server, begin: Callable[..., Provisioner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "AT_ONCE", 0)
    provisioner = begin(lambda: {"outcome": "made"})
    provisioner.changed("run-1", server.run)
    assert (provisioner._busy, server.patches) == (set(), [])
    monkeypatch.setattr(controller, "AT_ONCE", 1)
    provisioner.look()
    settled(provisioner)
    assert answer(server)["phase"] == "Succeeded"


def test_it_says_that_it_looks_no_more(begin: Callable[..., Provisioner]) -> None:
    provisioner = begin(dict)
    provisioner._complete -= STALLED_SECONDS + 1
    with pytest.raises(Stalled, match="no look has ended"):
        provisioner.health()
    provisioner.look()
    assert provisioner.health()["secondsSinceLastCompleteLook"] < 5
