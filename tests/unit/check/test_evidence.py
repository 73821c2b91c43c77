"""What became of the test workflow is told in Argo's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from implementation_dag.base.errors import StepError
from implementation_dag.check import evidence, probe
from implementation_dag.check.finding import Level


def node(name: str, phase: str, message: str = "") -> dict[str, Any]:
    return {"templateName": name, "type": "Pod", "phase": phase, "message": message}


def test_a_workflow_that_ends_well_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "POLL_SECONDS", 0.01)
    states = iter([{}, {"status": {"phase": "Running"}}, {"status": {"phase": "Succeeded"}}])
    assert evidence.check(lambda: next(states), 5).level == Level.OK


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({}, "no controller took the test workflow up within 0 s"),
        ({"phase": "Running", "nodes": {"a": node("write", "Pending", "no such image")}}, "no such image"),
        ({"phase": "Error", "nodes": {"a": node("write", "Error", "Denied."), "b": node("x", "Succeeded", "y")}},
         "the test workflow ended as Error: write is Error: Denied."),
        ({"phase": "Failed", "message": "invalid spec"}, "ended as Failed: invalid spec"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_told(status: dict[str, Any], words: str) -> None:
    found = evidence.check(lambda: {"status": status}, 0)
    assert found.level == Level.PROBLEM
    assert found.message.endswith(words)


def test_a_cause_that_every_try_met_is_told_once() -> None:
    tries = {str(number): node("write", "Error", "no such bucket; ; ") for number in range(3)}
    found = evidence.check(lambda: {"status": {"phase": "Error", "nodes": tries}}, 0)
    assert found.message == "the test workflow ended as Error: write is Error: no such bucket"


def test_the_probe_knows_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE", str(tmp_path / "probe.txt"))
    monkeypatch.setenv("WORKFLOW_UID", "one")
    assert (probe.write(), probe.read()) == (0, 0)
    monkeypatch.setenv("WORKFLOW_UID", "two")
    with pytest.raises(StepError, match="gave 'one' where 'two'"):
        probe.read()
