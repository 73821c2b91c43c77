"""Each write asks first, and an answer is written onto what was read."""

from __future__ import annotations

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace

from implementation_dag.base import wait
from implementation_dag.base.errors import StepError
from implementation_dag.provisioner import asking, nodes
from implementation_dag.provisioner.model import Unwanted, Waiting

from .api import Server, api
from .example import RELEASE, node, workflow


def waits(server: Server) -> Waiting:
    assert server.run
    return nodes.waiting(server.run, RELEASE)[0]


@pytest.fixture
def server() -> Server:
    return Server(workflow(node("provision")))


def test_a_write_goes_through_while_the_node_waits(server: Server) -> None:
    calls = api(server)
    with calls.asking(waits(server)):
        calls.client.create(Namespace(metadata=ObjectMeta(name="x")))
    assert server.writes == ["POST /api/v1/namespaces"]


@pytest.mark.parametrize("how", ["answered", "stopped", "gone", "another"])
def test_a_write_for_a_node_that_waits_no_more_is_not_made(server: Server, how: str) -> None:
    calls, found = api(server), waits(server)
    assert server.run
    if how == "answered":
        server.run["status"]["nodes"]["id-0"]["phase"] = "Failed"
    elif how == "stopped":
        server.run["spec"]["shutdown"] = "Stop"
    elif how == "another":
        server.run["metadata"]["uid"] = "v"
    else:
        server.run = None
    with calls.asking(found), pytest.raises(Unwanted):
        calls.client.create(Namespace(metadata=ObjectMeta(name="x")))
    assert server.writes == []


def test_outside_of_a_node_nobody_is_asked(server: Server) -> None:
    calls, server.run = api(server), None
    calls.client.create(Namespace(metadata=ObjectMeta(name="x")))
    assert server.writes


def test_a_run_whose_nodes_are_packed_meanwhile_gets_nothing(server: Server) -> None:
    calls, found = api(server), waits(server)
    assert server.run
    server.run["status"] |= {"nodes": {}, "compressedNodes": "x"}
    with pytest.raises(Unwanted, match="keeps its nodes packed"):
        calls.still(found)


def test_a_conflict_is_answered_anew_and_not_for_ever(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "CLOCK", type("Clock", (), {"sleep": staticmethod(lambda _: None)}))
    calls, found, codes = api(server), waits(server), [409, 409]
    server.on_write = lambda _: codes.pop() if codes else None
    calls.answer(found, lambda run: {"metadata": {"resourceVersion": run["metadata"]["resourceVersion"]}})
    assert len(server.writes) == 3
    assert server.patches == [{"metadata": {"resourceVersion": "5"}}]
    server.on_write = lambda _: 409
    with pytest.raises(StepError, match=f"changed {asking.ANSWER_TRIES} times meanwhile"):
        calls.answer(found, lambda _: {})


def test_an_answer_that_is_forbidden_is_told(server: Server) -> None:
    server.on_write = lambda _: 403
    with pytest.raises(StepError, match="cannot answer Workflow run-1: no"):
        api(server).answer(waits(server), lambda _: {})
