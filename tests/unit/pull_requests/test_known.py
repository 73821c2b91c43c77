"""What is remembered of Previews and Workflows, and that whose turn it is is found out once while nothing changes."""

from __future__ import annotations

from typing import Any

import pytest

from implementation_dag.contract import names
from implementation_dag.pull_requests import admission, objects
from implementation_dag.pull_requests.known import Known
from implementation_dag.pull_requests.model import Kind, Run
from implementation_dag.pull_requests.queue import Limits
from tests.unit.pull_requests.test_decide import SPEC
from tests.unit.pull_requests.world import commit

TEMPLATE = "implementation-dag"


def preview(number: int) -> dict[str, Any]:
    return objects.new("acme", "shop", number, "workflows")


def name(number: int) -> str:
    return names.pull_request("acme", "shop", number)


def run(number: int) -> dict[str, Any]:
    """The first run of the pull request 7."""
    made = Run(names.run(name(7), number), number, Kind.TEST, commit=commit(1))
    return objects.manifest(made, SPEC, name(7), "workflows", TEMPLATE)


def by_hand(called: str = "by-hand") -> dict[str, Any]:
    return run(1) | {"metadata": {"name": called}}


def test_a_workflow_is_its_preview_s_until_it_is_gone() -> None:
    known = Known(TEMPLATE, Limits())
    item = run(1)
    # Nobody knows of its Preview yet; when it is known, it has its Workflow.
    assert known.workflow(item["metadata"]["name"], item) == ""
    known.remember(name(7), preview(7))
    assert known.workflow("by-hand", by_hand()) == name(7)
    assert set(known.workflows(name(7))) == {names.run(name(7), 1), "by-hand"}
    assert known.workflow("by-hand", None) == name(7)
    assert known.workflow("unknown", None) == ""
    assert known.workflow("other", {"metadata": {"name": "other"}, "spec": {}}) == ""
    assert set(known.workflows(name(7))) == {names.run(name(7), 1)}


def test_what_was_read_now_takes_the_place_of_ours_and_not_of_a_person_s() -> None:
    known = Known(TEMPLATE, Limits())
    for item in (run(1), by_hand()):
        known.workflow(item["metadata"]["name"], item)
    second = run(2)["metadata"]["name"]
    assert set(known.read(name(7), {second: run(2)})) == {second, "by-hand"}
    assert set(known.workflows(name(7))) == {second, "by-hand"}


def test_one_that_cannot_be_read_is_known_and_has_no_model() -> None:
    known = Known(TEMPLATE, Limits())
    known.remember(name(7), {"metadata": {"name": name(7)}, "spec": {}})
    known.remember(name(8), preview(8))
    assert [found for found, _ in known.items()] == [name(7), name(8)]
    assert [each.name for each in known.readable()] == [name(8)]
    known.remember(name(8), None)
    assert (known.item(name(8)), known.readable()) == (None, [])


def test_whose_turn_it_is_is_found_out_once_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[admission.Row] = []

    class Counted(admission.Row):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(admission, "Row", Counted)
    known = Known(TEMPLATE, Limits(runs=1))
    for number in range(1, 40):
        known.remember(name(number), preview(number))
    for each in known.readable() * 2:
        assert known.turn(each).place == 0
    assert len(made) == 1
    # A person's run of a pull request without a Preview takes the one place.
    other = by_hand()
    other["spec"]["arguments"]["parameters"][2]["value"] = "99"
    known.workflow("by-hand", other)
    assert {known.turn(each).place for each in known.readable()} == {1}
    assert len(made) == 2
    foreign = other | {"spec": other["spec"] | {"workflowTemplateRef": {"name": "somebody-s-own"}}}
    known.workflow("by-hand", foreign)
    assert {known.turn(each).place for each in known.readable()} == {0}
