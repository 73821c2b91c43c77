"""What is told of runs, in which order, and once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from implementation_dag.forge.model import Annotation, State, Verdict
from implementation_dag.pull_requests import evidence, reports
from implementation_dag.pull_requests.model import Cause, Kind, Phase, Preview, Run, RunPhase, Status
from tests.unit.pull_requests.test_decide import SPEC, TEST
from tests.unit.pull_requests.world import NAME, commit

OLD = replace(TEST, phase=RunPhase.FAILED, cause=Cause.SUPERSEDED)
NEW = Run(f"{NAME}-2", 2, Kind.TEST, RunPhase.SUCCEEDED, commit(2), ended=TEST.ended)
PREVIEW = Preview(NAME, replace(SPEC, head=commit(2)), Status(run=NEW, history=(OLD,), url="https://x", expires="then"))


def workflow(run: Run, phase: str = "Succeeded", message: str = "") -> dict[str, Any]:
    def node(task: str, phase: str) -> dict[str, Any]:
        return {"name": f"{run.name}.{task}", "phase": phase, "message": message, "startedAt": "a", "finishedAt": "b"}

    nodes = {task: node(task, phase) for task in ("set-params", "implement")}
    return {"metadata": {"name": run.name}, "spec": {}, "status": {"phase": phase, "nodes": nodes}}


WORKFLOWS = {run.name: workflow(run) for run in (OLD, NEW)}


def test_the_oldest_is_told_first_and_nothing_twice() -> None:
    due = reports.due(PREVIEW, WORKFLOWS)
    assert [(run.number, report.verdict) for run, report in due if run] == [
        (1, Verdict.SUPERSEDED),
        (2, Verdict.PASSED),
    ]
    preview = PREVIEW
    for run, report in due:
        preview = reports.told(preview, run, report)
    assert reports.due(preview, WORKFLOWS) == []


def test_whoever_tells_an_older_run_tells_the_newer_ones_again() -> None:
    preview = PREVIEW
    for run, report in reports.due(PREVIEW, WORKFLOWS):
        preview = reports.told(preview, run, report)
    changed = WORKFLOWS | {OLD.name: workflow(OLD, "Failed", "it broke")}
    assert [run.number for run, _ in reports.due(preview, changed) if run] == [1, 2]


def test_what_the_newest_run_left_is_shown_and_an_older_one_s_is_not() -> None:
    (_, old), (_, new) = reports.due(PREVIEW, WORKFLOWS)
    assert (old.preview, old.expires, new.preview, new.expires) == ("", "", "https://x", "then")
    assert {stage.name: stage.state for stage in new.stages}["deploy"] == State.OMITTED
    assert new.commit == commit(2)
    pushed = replace(NEW, made=(commit(3), commit(4)))
    assert reports.of_run(PREVIEW, pushed, None).commit == commit(4)


def test_a_failure_says_which_stage_and_why() -> None:
    run = replace(NEW, phase=RunPhase.FAILED)
    report = reports.of_run(PREVIEW, run, workflow(run, "Failed", "2 tests\x1b[31m failed"))
    assert report.verdict == Verdict.FAILED
    assert report.reason == "set-params: 2 tests\\x1b[31m failed"
    assert report.stages[0].sentence == "2 tests\\x1b[31m failed"


def test_a_head_that_may_not_run_is_told_why_and_once() -> None:
    preview = Preview(NAME, SPEC, Status(phase=Phase.REFUSED, message="it is a draft"))
    ((run, report),) = reports.due(preview, {})
    assert (run, report.verdict, report.commit, report.reason) == (None, Verdict.REFUSED, commit(1), "it is a draft")
    assert reports.due(reports.told(preview, None, report), {}) == []


def test_what_is_only_claimed_is_not_told_and_of_what_is_gone_its_end_unless_it_was() -> None:
    claimed = replace(NEW, phase=RunPhase.STARTING)
    preview = Preview(NAME, SPEC, Status(run=claimed, history=(OLD,)))
    ((run, report),) = reports.due(preview, {})
    assert run == OLD, "the forge did not answer as long as there was a Workflow"
    assert reports.due(reports.told(preview, run, report), {}) == []
    lost = replace(NEW, phase=RunPhase.LOST)
    ((_, report),) = reports.due(Preview(NAME, SPEC, Status(run=lost)), {})
    assert (report.verdict, report.reason) == (Verdict.STOPPED, "its Workflow was deleted")


@pytest.mark.parametrize("message", ["waiting for by-hand, which a person started", ""])
def test_a_head_that_waits_is_told_so_and_one_that_was_tested_is_not(message: str) -> None:
    waiting = Status(phase=Phase.WAITING, message=message, history=(OLD,))
    moved = Preview(NAME, replace(SPEC, head=commit(5)), replace(waiting, history=(replace(OLD, told="x."),)))
    assert [report.reason for _, report in reports.due(moved, {})] == ([message] if message else [])
    tested = replace(moved, spec=replace(SPEC, head=OLD.commit))
    assert reports.due(tested, {}) == []


def test_figures_findings_and_evidence_are_told_of_stages_that_ended() -> None:
    def output(name: str, value: str) -> dict[str, Any]:
        return {"parameters": [{"name": name, "value": value}]}

    run, found = replace(NEW, phase=RunPhase.FAILED), workflow(NEW, "Failed", "1 violation")
    nodes = found["status"]["nodes"]
    nodes["implement"]["outputs"] = output("findings", '[["src/x.py", 3, "F401"], ["no row"]]')
    nodes["acceptance"] = {
        "name": f"{run.name}.acceptance",
        "phase": "Running",
        "outputs": output("figures", '[[9, 9, 1, 1, 1], ["shop", "p95 6 ms"]]'),
    }
    asked: dict[str, str] = {}

    def link(key: str, since: str) -> str:
        asked[key] = since
        return evidence.below("https://evidence.example.com/bucket")(key, since)

    report = reports.of_run(PREVIEW, run, found, link)
    below = f"https://evidence.example.com/bucket/{SPEC.owner}/{SPEC.repo}/pr-{SPEC.number}/{run.name}"
    assert (report.page, report.evidence) == (f"{below}/report.html", f"{below}/index.json")
    assert report.runs == f"{below.rpartition('/')[0]}/runs.html"
    assert report.figures == (("shop", "p95 6 ms"),)
    assert report.cost == ""
    told = {stage.name: (stage.evidence, stage.annotations) for stage in report.stages}
    assert told["implement"] == (f"{below}/rex/commit.txt", (Annotation("src/x.py", 3, "F401"),))
    assert told["acceptance"] == ("", ()), "it has not ended"
    assert told["set-params"] == ("", ()), "it leaves none"
    assert list(asked.values()) == ["b", run.ended, run.ended, run.ended], "from when it is there"
    without = reports.of_run(PREVIEW, run, found)
    assert (without.evidence, [stage.evidence for stage in without.stages]) == ("", [""] * len(report.stages))


def test_who_waits_far_back_is_told_so_now_and_then() -> None:
    """A thousand that wait are not told at each start of another: the forge has a budget."""

    def told(place: int) -> str:
        status = Status(
            phase=Phase.QUEUED, place=place, message=f"place {place} in the queue: the 2 runs that may live do"
        )
        head = reports.of_head(Preview(NAME, SPEC, status))
        assert head and head.verdict == Verdict.WAITING
        return head.reason

    assert told(2) == "it waits in the queue, place 2: the 2 runs that may live do"
    assert told(4) == told(5) == "it waits in the queue, among the next 5: the 2 runs that may live do"
    assert told(5000) == "it waits in the queue, behind 1000 others: the 2 runs that may live do"
    assert len({told(place) for place in range(1, 5000)}) == 12
