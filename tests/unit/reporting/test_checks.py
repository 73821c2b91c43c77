"""Check runs, deployments and statuses as pure functions of a report."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from implementation_dag.forge.model import Annotation, Report, Stage, State, Verdict
from implementation_dag.reporting import checks, gitea
from implementation_dag.reporting.outcome import of_stages

from .hostile import COMMIT, few, reports

RUN = Report("acme", "shop", 7, COMMIT, Verdict.RUNNING, "run-1")


@pytest.mark.parametrize(
    ("verdict", "status", "conclusion", "state"),
    [
        (Verdict.WAITING, "queued", None, "pending"),
        (Verdict.RUNNING, "in_progress", None, "pending"),
        (Verdict.PASSED, "completed", "success", "success"),
        (Verdict.FAILED, "completed", "failure", "failure"),
        (Verdict.SUPERSEDED, "completed", "cancelled", "error"),
        (Verdict.STOPPED, "completed", "cancelled", "error"),
        (Verdict.REFUSED, "completed", "action_required", "error"),
    ],
)
def test_a_verdict_is_a_conclusion_and_a_state(
    verdict: Verdict, status: str, conclusion: str | None, state: str
) -> None:
    report = Report("acme", "shop", 7, COMMIT, verdict)
    ((run, findings),) = checks.check_runs(report, "previews")
    assert (run["name"], run["status"], run.get("conclusion"), findings) == ("previews", status, conclusion, [])
    assert [(one["context"], one["state"]) for one in gitea.statuses(report, "previews")] == [("previews", state)]


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.FAILED, Verdict.SUPERSEDED, Verdict.STOPPED])
def test_no_stage_goes_on_when_the_run_is_over(verdict: Verdict) -> None:
    stages = tuple(Stage(state.value, state) for state in State)
    lines = of_stages(Report("acme", "shop", 7, COMMIT, verdict, stages=stages))
    assert all(line.outcome.over for line in lines)
    assert [line.outcome.value for line in lines if line.stage in ("passed", "failed", "omitted")] == [
        "passed",
        "failed",
        "omitted",
    ]


@few
@given(reports())
def test_all_is_within_the_limits_and_visible(report: Report) -> None:
    for run, findings in checks.check_runs(report, "previews"):
        assert len(run["output"]["summary"]) <= checks.SUMMARY_LIMIT
        assert len(run["output"]["title"]) <= 140
        assert all(one["path"] and one["message"] and one["start_line"] >= 1 for one in findings)
    for status in gitea.statuses(report, "previews"):
        assert len(status["description"]) <= gitea.DESCRIPTION_LIMIT
        shown = "".join(status.values())
        assert not {unicodedata.category(one) for one in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_annotations_go_fifty_a_call_and_those_beyond_are_counted() -> None:
    stage = Stage("qa", State.FAILED, annotations=(Annotation("a.py", 1, "wrong"),) * 230)
    _, (run, findings) = checks.check_runs(Report("acme", "shop", 7, COMMIT, Verdict.FAILED, stages=(stage,)), "p")
    assert [len(batch) for batch in checks.batches(findings, 0)] == [50, 50, 50, 50]
    assert [len(batch) for batch in checks.batches(findings, 130)] == [50, 20]
    assert "30 more findings are in the evidence." in run["output"]["summary"]


def test_a_deployment_merges_nothing_and_waits_for_nothing() -> None:
    found = checks.deployment(RUN, "previews")
    assert (found["ref"], found["auto_merge"], found["required_contexts"]) == (COMMIT, False, [])
    assert found["environment"] == "previews/pr-7"
