"""What a run cost is read from its evidence step, and a preview costs while it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from implementation_dag.cost import Cost
from implementation_dag.pull_requests import costs
from implementation_dag.pull_requests.model import Phase, Preview, RunPhase, Status
from tests.unit.pull_requests.test_decide import SPEC, TEST
from tests.unit.pull_requests.world import NAME

COST = Cost(0.5, 0.25, "EUR")
READY = Preview(NAME, SPEC, Status(phase=Phase.READY, run=replace(TEST, phase=RunPhase.SUCCEEDED)))


def workflow(finished: str = "2026-01-01T12:00:00Z", **said: str) -> dict[str, Any]:
    nodes = {
        task: {
            "name": f"{TEST.name}.onExit[0].{task.replace('_', '-')}",
            "outputs": {"parameters": [{"name": "cost", "value": text}]},
        }
        for task, text in said.items()
    }
    return {"metadata": {"name": TEST.name}, "status": {"nodes": nodes, "finishedAt": finished}}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"evidence": COST.written()}, COST),
        ({"evidence": "", "evidence_again": COST.written()}, COST),
        ({"evidence": ""}, None),
        ({"evidence": "x"}, None),
        ({"implement": COST.written()}, None),
        ({}, None),
    ],
)
def test_the_evidence_step_says_it(said: dict[str, str], found: Cost | None) -> None:
    assert costs.of_run(workflow(**said)) == found


def test_a_preview_costs_while_it_stands_and_its_workflow_is_there() -> None:
    standing = costs.Standing()
    standing.workflow_changed(TEST.name, workflow(finished="", evidence=COST.written()))
    assert standing.hourly(READY) == 0
    standing.workflow_changed(TEST.name, workflow(evidence=COST.written()))
    assert standing.hourly(READY) == 0.25
    for phase in (Phase.RUNNING, Phase.ENDED, Phase.FAILED):
        assert standing.hourly(replace(READY, status=replace(READY.status, phase=phase))) == 0
    assert standing.hourly(Preview(NAME, SPEC)) == 0
    standing.workflow_changed(TEST.name, None)
    assert standing.hourly(READY) == 0
