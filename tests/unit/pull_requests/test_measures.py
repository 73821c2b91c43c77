"""What is counted of runs: each once, whoever sees it however often, and never more series than there is room for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.base import metrics, moments
from implementation_dag.forge.model import Verdict
from implementation_dag.pull_requests import measures, showing
from implementation_dag.pull_requests.measures import Measures
from implementation_dag.pull_requests.model import Cause, Kind, Phase, Preview, Run, RunPhase, Seen, Status
from implementation_dag.pull_requests.reports import FINAL
from tests.unit.pull_requests.played import Played, emptied, series
from tests.unit.pull_requests.test_decide import SPEC, TEST
from tests.unit.pull_requests.world import NAME, START, commit, opened

# Of 100 runs of 100 pull requests of 12 repositories; each of the 50 that there may be adds 70.
MOST_SERIES = 1250
LABELS = {"stage", "result", "repository", "percentile", "phase", "state", "kind", "cause", "le", "identity", "code",
          "reason", "cicd_pipeline_name", "cicd_pipeline_run_state", "cicd_pipeline_result"}  # fmt: skip


@pytest.fixture(autouse=True)
def fresh() -> None:
    emptied()


def value(name: str, **labels: str) -> float:
    """Return a series' value, 0 where there is none."""
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_each_run_and_stage_is_counted_once_and_100_runs_make_few_series(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, repositories=12)
    for number in range(1, 101):
        played.run(number)
        if number % 25 == 0:
            played.begin()
    for (repository, result), count in played.runs.items():
        assert value("implementation_dag_runs_total", repository=repository, result=result) == count
    for (stage, result, repository), count in played.stages.items():
        labels = {"stage": stage, "result": result, "repository": repository}
        assert value("implementation_dag_stage_results_total", **labels) == count, labels
    found = series()
    counted = sum(each.value for each in found if each.name == "implementation_dag_stage_results_total")
    assert counted == played.stages.total()
    passed = sum(count for (stage, result, _), count in played.stages.items() if (stage, result) == PASSED)
    asked = [each for each in found if each.name == "implementation_dag_acceptance_requests_total"]
    requests = {which: sum(e.value for e in asked if e.labels["result"] == which) for which in ("success", "failure")}
    assert requests == {"success": 9 * passed, "failure": passed}
    assert {label for each in found for label in each.labels} <= LABELS
    assert not [each for each in found if any("pr-" in text or len(text) > 39 for text in each.labels.values())]
    assert len(found) <= MOST_SERIES, "a label grows with the work"


def test_runs_and_previews_that_stand_have_their_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, repositories=2, priced=True)
    for number in range(1, 13):
        played.run(number)
    played.begin()
    for repository in ("acme/repo-0", "acme/repo-1"):
        assert value("implementation_dag_run_cost_total", repository=repository) == 6 * 0.5
        stand = played.runs[repository, "success"]
        assert value("implementation_dag_preview_cost_hourly", repository=repository) == stand * 0.25
    assert played.runs["acme/repo-0", "success"]
    for kind, name in list(played.api.objects):
        if kind == "Workflow":
            played.looker.workflow_changed(name, None)
    assert value("implementation_dag_preview_cost_hourly", repository="acme/repo-0") == 0


def test_without_prices_no_cost_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    Played(monkeypatch, repositories=1).run(1)
    assert not [each for each in series() if "cost" in each.name]


def test_more_pull_requests_make_no_more_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "MOST_REPOSITORIES", 3)
    played = Played(monkeypatch, repositories=40)
    for number in range(1, 61):
        played.run(number)
    found = {each.labels["repository"] for each in series() if each.name == "implementation_dag_runs_total"}
    assert found == {"acme/repo-1", "acme/repo-2", "acme/repo-3", "other"}


@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3)), st.integers(1, 5))
def test_a_bounded_label_has_no_more_values_and_those_that_are_known_first(
    known: list[str], asked: list[str], most: int
) -> None:
    found = metrics.Bounded(known, most)
    got = {value: found.of(value) for value in asked}
    assert len(set(got.values()) - {metrics.OTHER}) <= most
    assert all(got[value] == value for value in set(known[:most]) & set(asked))
    assert all(label in (value, metrics.OTHER) for value, label in got.items())


CLAIMED = replace(TEST, phase=RunPhase.STARTING, claimed=moments.stamp(START + timedelta(seconds=100)), ended="")
ENDED = replace(CLAIMED, phase=RunPhase.SUCCEEDED, ended=moments.stamp(START + timedelta(seconds=400)))
SEEN = Seen(opened(), since=START)
PASSED = ("acceptance", "success")
BUCKETS = ("implementation_dag_push_to_verdict_seconds_sum", "implementation_dag_push_to_verdict_seconds_count")


@pytest.mark.parametrize(
    ("before", "seen", "waited"),
    [
        (Status(phase=Phase.WAITING), SEEN, 500),
        (Status(phase=Phase.QUEUED, queued=moments.stamp(START + timedelta(seconds=60))), SEEN, 440),
        (Status(phase=Phase.WAITING), None, 400),
        # A gate was shut, or the same commit runs once more: nobody waited since the push.
        (Status(phase=Phase.REFUSED), SEEN, 400),
        (Status(phase=Phase.FAILED, run=replace(ENDED, number=9)), SEEN, 400),
    ],
)
def test_a_verdict_is_timed_from_the_push_that_led_to_it(
    before: Status, seen: Seen | None, waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Measures("template", ())
    found.written(Preview(NAME, SPEC, before), replace(before, run=CLAIMED), seen, {})
    monkeypatch.setattr(moments, "now", lambda: START + timedelta(seconds=500))
    for verdict, mark in ((Verdict.RUNNING, "a"), (Verdict.PASSED, "b" + FINAL)):
        found.told(ENDED, verdict, mark)
    found.told(replace(ENDED, told="b" + FINAL), Verdict.PASSED, "c" + FINAL)
    assert [value(name, result="success") for name in BUCKETS] == [waited, 1]


def test_a_run_that_was_superseded_has_no_verdict() -> None:
    found = Measures("template", ())
    found.told(replace(ENDED, cause=Cause.SUPERSEDED), Verdict.SUPERSEDED, FINAL)
    assert not [each for each in series() if each.name in BUCKETS and each.value]


def test_the_wait_for_a_turn_is_the_pending_state() -> None:
    before = Status(phase=Phase.QUEUED, queued=moments.stamp(START + timedelta(seconds=60)))
    Measures("template", ()).written(Preview(NAME, SPEC, before), replace(before, run=CLAIMED), None, {})
    labels = {"cicd_pipeline_name": "template", "cicd_pipeline_run_state": "pending", "cicd_pipeline_result": ""}
    assert value("cicd_pipeline_run_duration_seconds_sum", **labels) == 40


@pytest.mark.parametrize(
    ("phase", "result"), [(RunPhase.SUCCEEDED, "success"), (RunPhase.FAILED, "failure"), (RunPhase.LOST, "error")]
)
def test_what_takes_a_preview_away_is_a_cleanup(phase: RunPhase, result: str) -> None:
    run = Run(f"{NAME}-2", 2, Kind.END, RunPhase.RUNNING, cause=Cause.CLOSED)
    before = Preview(NAME, SPEC, Status(run=run))
    Measures("template", ()).written(before, Status(run=replace(run, phase=phase)), None, {})
    assert value("implementation_dag_cleanups_total", cause="closed", result=result) == 1
    assert not [each for each in series() if each.name == "implementation_dag_runs_total"]


def test_a_run_whose_workflow_was_deleted_is_an_error() -> None:
    before = Preview(NAME, SPEC, Status(run=replace(TEST, phase=RunPhase.RUNNING)))
    lost = Status(run=replace(TEST, phase=RunPhase.LOST))
    Measures("template", ()).written(before, lost, None, {})
    assert value("implementation_dag_runs_total", repository="acme/shop", result="error") == 1


@pytest.mark.parametrize(
    ("look", "seconds"),
    [
        ("2026-01-01T00:00:10.500000Z d-1", 9.5),
        # Before this process began; and what somebody else wrote there.
        ("2025-12-31T23:59:59.000000Z d-1", None),
        ("2026-01-01T00:00:10 d-1", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_webhook_is_timed_until_the_forge_was_asked(
    look: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "now", lambda: START)
    found = Measures("template", ())
    monkeypatch.setattr(moments, "now", lambda: START + timedelta(seconds=20))
    names = ("implementation_dag_webhook_lag_seconds_sum", "implementation_dag_webhook_lag_seconds_count")
    before = [value(name) for name in names]
    found.asked(look)
    assert [value(name) - old for name, old in zip(names, before, strict=True)] == ([seconds, 1] if seconds else [0, 0])


@pytest.mark.parametrize("figures", ["", "[[1, 2, 3, 4, 5]]", "[[-1, -2, 1, 1, 1]]", '[["host", "words"]]', "{"])
def test_figures_that_are_none_are_not_counted(figures: str) -> None:
    measures._acceptance(figures, "acme/shop")
    assert not [each for each in series() if each.name == "implementation_dag_acceptance_requests_total" and each.value]


def test_a_latency_that_was_not_measured_is_none() -> None:
    measures._acceptance("[[3, 0, -1, -1, -1]]", "acme/shop")
    assert value("implementation_dag_acceptance_requests_total", repository="acme/shop", result="failure") == 3
    assert not [each for each in series() if each.name.startswith("implementation_dag_acceptance_latency")]


def test_a_scrape_sees_what_is_remembered_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def preview(**status: Any) -> Preview:
        return Preview(NAME, SPEC, Status(**status))

    def at(**ago: float) -> str:
        return moments.stamp(START - timedelta(**ago))

    monkeypatch.setattr(moments, "now", lambda: START)
    working = replace(TEST, phase=RunPhase.RUNNING, started=at(seconds=90))
    showing.show(
        "template",
        lambda: [
            preview(phase=Phase.READY, expires=at(minutes=-30)),
            preview(phase=Phase.READY, expires=at(minutes=-90)),
            preview(phase=Phase.READY, expires=at(minutes=5)),
            preview(phase=Phase.ENDING, run=replace(working, kind=Kind.END, claimed=at(minutes=20))),
            preview(phase=Phase.QUEUED, queued=at(seconds=30)),
            preview(phase=Phase.RUNNING, run=working),
            preview(phase=Phase.RUNNING, run=replace(working, started=at(seconds=10))),
            preview(phase=Phase.ENDING, run=replace(working, kind=Kind.END, started=at(hours=9))),
        ],
        lambda: 12.0,
        100,
    )
    seen = {phase: value("implementation_dag_previews", phase=phase) for phase in ("Ready", "Ended", "Running")}
    assert seen == {"Ready": 3, "Ended": 0, "Running": 2}
    names = ("previews_expiring_soon", "previews_overdue", "queue_oldest_seconds", "forge_budget_remaining")
    assert [value(f"implementation_dag_{name}") for name in names] == [1, 1, 30, 12]
    assert value("implementation_dag_forge_budget") == 100
    active = {"cicd_pipeline_name": "template", "cicd_pipeline_run_state": "executing"}
    assert value("cicd_pipeline_run_active", **active) == 2
    assert value("implementation_dag_run_oldest_seconds", state="executing") == 90
    assert value("implementation_dag_run_oldest_seconds", state="pending") == 0
    assert commit(1) not in metrics.scraped().decode()


def test_a_repository_that_is_met_begins_at_0_so_that_its_first_failure_is_an_increase() -> None:
    Measures("template", ()).meet(Preview(NAME, SPEC))
    of = {"repository": "acme/shop", "result": "failure"}
    assert metrics.REGISTRY.get_sample_value("implementation_dag_runs_total", of) == 0
    stage = of | {"stage": "evidence"}
    assert metrics.REGISTRY.get_sample_value("implementation_dag_stage_results_total", stage) == 0
    assert metrics.REGISTRY.get_sample_value("implementation_dag_acceptance_requests_total", of) == 0
    cleanup = {"cause": "expired", "result": "failure"}
    assert metrics.REGISTRY.get_sample_value("implementation_dag_cleanups_total", cleanup) == 0


def of_number(number: int, phase: RunPhase, cause: Cause = Cause.NONE, kind: Kind = Kind.TEST) -> Run:
    """A run that ended as many minutes after the start as its number says."""
    ended = moments.stamp(START + timedelta(minutes=number))
    return Run(f"{NAME}-{number}", number, kind, phase, cause=cause, started=moments.stamp(START), ended=ended)


GOOD, BAD = RunPhase.SUCCEEDED, RunPhase.FAILED


@pytest.mark.parametrize(
    ("earlier", "minutes"),
    [
        ([of_number(3, BAD)], 6),
        ([of_number(5, BAD), of_number(3, BAD), of_number(2, GOOD), of_number(1, BAD)], 6),
        ([of_number(5, BAD, Cause.SUPERSEDED), of_number(4, BAD), of_number(3, BAD, kind=Kind.END)], 5),
        ([of_number(5, BAD, Cause.SUPERSEDED), of_number(3, GOOD)], None),
        ([], None),
    ],
)
def test_the_time_to_mend_is_that_from_the_first_failure(earlier: list[Run], minutes: float | None) -> None:
    names = [f"implementation_dag_time_to_mend_seconds_{what}" for what in ("sum", "count")]
    before = [value(name) for name in names]
    running = replace(of_number(9, GOOD), phase=RunPhase.RUNNING, ended="")
    status = Status(run=running, history=tuple(earlier))
    Measures("template", ()).written(Preview(NAME, SPEC, status), replace(status, run=of_number(9, GOOD)), None, {})
    more = [value(name) - was for name, was in zip(names, before, strict=True)]
    assert more == ([minutes * 60, 1] if minutes else [0, 0])
