"""Single decisions, as people would ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from implementation_dag.base import moments
from implementation_dag.forge.model import Changes, Verdict
from implementation_dag.pull_requests import runs
from implementation_dag.pull_requests.decide import NOW, claims, decide
from implementation_dag.pull_requests.model import (
    Action,
    Cause,
    Follow,
    Kind,
    Phase,
    Preview,
    Run,
    RunPhase,
    Seen,
    SetStatus,
    Settings,
    Spec,
    StartRun,
    Status,
    StopRun,
    Turn,
    Workflow,
)
from tests.unit.pull_requests.world import NAME, SETTINGS, START, commit, opened

SPEC = Spec("acme", "shop", 7, head=commit(1), forge="gitea", author="ada")
TEST = Run(f"{NAME}-1", 1, Kind.TEST, RunPhase.SUCCEEDED, commit(1), ended=moments.stamp(START))
OLD = Workflow(f"{NAME}-1", 1, Kind.TEST, commit(1), over=False)


NEW, SEEN = Status(), Seen(opened())


def decided(
    spec: Spec = SPEC,
    status: Status = NEW,
    workflows: Sequence[Workflow] = (),
    seen: Seen | None = SEEN,
    settings: Settings = SETTINGS,
    now: datetime = START,
    turn: Turn = NOW,
) -> Sequence[Action]:
    return decide(seen, Preview(NAME, spec, status), workflows, settings, now, turn)


def status_in(actions: Sequence[Action]) -> Status:
    """The status that is written, once."""
    (status,) = (action.status for action in actions if isinstance(action, SetStatus))
    return status


def alone(actions: Sequence[Action]) -> Status:
    """The status that is written, and nothing else is done."""
    assert len(actions) == 1
    return status_in(actions)


def run_of(status: Status) -> Run:
    """The run that a status has."""
    assert status.run
    return status.run


def phase(actions: Sequence[Action]) -> tuple[str, str]:
    status = status_in(actions)
    return status.phase, status.message


def test_a_new_pull_request_is_followed_then_claimed_then_started() -> None:
    (followed,) = decided(Spec("acme", "shop", 7))
    assert isinstance(followed, Follow)
    assert followed.spec["head"] == commit(1)
    claimed = alone(decided())
    run = run_of(claimed)
    assert (run.name, run.number) == (f"{NAME}-1", 1)
    assert decided(status=claimed) == (StartRun(run),)


def test_a_new_head_stops_the_old_run_and_waits_for_its_end() -> None:
    status = Status(run=replace(TEST, phase=RunPhase.RUNNING, ended=""))
    spec, seen = replace(SPEC, head=commit(2)), Seen(replace(opened(), head=commit(2)))
    actions = decided(spec, status, [OLD], seen)
    written = status_in(actions)
    assert actions[1:] == (StopRun(OLD.name, Cause.SUPERSEDED),)
    assert written.phase == Phase.STOPPING
    assert runs.verdict(run_of(written)) == Verdict.SUPERSEDED
    assert decided(spec, written, [replace(OLD, stopping=True)], seen) == ()
    claimed = alone(decided(spec, written, [replace(OLD, stopping=True, over=True)], seen))
    assert (run_of(claimed).number, run_of(claimed).commit) == (2, commit(2))
    assert [run.cause for run in claimed.history] == [Cause.SUPERSEDED]


@pytest.mark.parametrize("run", [None, TEST])
def test_a_forge_that_does_not_answer_ends_and_starts_nothing(run: Run | None) -> None:
    assert alone(decided(status=Status(run=run), seen=None)).run == run


def test_what_went_when_it_was_closed_comes_again_when_it_is_opened() -> None:
    expired = Run(f"{NAME}-2", 2, Kind.END, RunPhase.SUCCEEDED, commit(1), cause=Cause.EXPIRED)
    written = alone(decided(status=Status(run=expired, history=(TEST,)), seen=Seen(replace(opened(), open=False))))
    assert (written.phase, run_of(written).cause) == (Phase.ENDED, Cause.CLOSED)
    claimed = alone(decided(status=written))
    assert (run_of(claimed).number, run_of(claimed).kind) == (3, Kind.TEST)


def test_a_preview_goes_when_its_time_is_over_and_not_before() -> None:
    status = Status(run=TEST)
    still = alone(decided(status=status, now=START + timedelta(hours=23.9)))
    assert (still.phase, still.expires) == (Phase.READY, "2026-01-02T00:00:00Z")
    over = alone(decided(status=status, now=START + timedelta(hours=24)))
    assert (run_of(over).kind, run_of(over).cause) == (Kind.END, Cause.EXPIRED)
    pinned = alone(decided(replace(SPEC, pinned=True), status, now=START + timedelta(hours=99)))
    assert pinned.phase == Phase.READY


@pytest.mark.parametrize(
    ("spec", "changes", "words"),
    [
        ({"fork": True}, {"fork": True}, f"/ok-to-test {commit(1)}"),
        ({"fork": True, "ok_to_test": commit(2)}, {"fork": True}, f"/ok-to-test {commit(1)}"),
        ({"author": "renovate[bot]"}, {"author": "renovate[bot]"}, "not listed among the agents"),
        ({"author": "Copilot"}, {"author": "Copilot", "bot": True}, "not listed among the agents"),
        ({"draft": True}, {"draft": True}, "ready for review"),
        ({}, {"labels": frozenset()}, "none of the labels preview"),
        ({"suspend": True}, {}, "suspended"),
    ],
)
def test_who_may_not_run_is_told_why(spec: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    found = phase(decided(replace(SPEC, **spec), seen=Seen(replace(opened(), **changes))))
    assert found[0] == Phase.REFUSED
    assert words in found[1]


def test_who_is_let_run_runs() -> None:
    let = replace(SPEC, fork=True, ok_to_test=commit(1))
    assert phase(decided(let, seen=Seen(replace(opened(), fork=True))))[0] == Phase.STARTING


@pytest.mark.parametrize("author", ["rex", "rex[bot]", "Rex"])
@pytest.mark.parametrize("listed", ["rex", "rex[bot]", "REX[bot]"])
def test_a_bot_is_listed_with_or_without_what_its_kind_is_called(author: str, listed: str) -> None:
    seen, settings = Seen(replace(opened(), author=author, bot=True)), replace(SETTINGS, agents=(listed,))
    assert phase(decided(replace(SPEC, author=author), seen=seen, settings=settings))[0] == Phase.STARTING


@pytest.mark.parametrize(("named", "expected"), [(2, Phase.REFUSED), (1, Phase.STARTING)])
def test_a_fork_runs_once_more_only_where_its_head_was_named(named: int, expected: Phase) -> None:
    again = replace(SPEC, fork=True, ok_to_test=commit(named), retest="check-1")
    found = phase(decided(again, Status(run=TEST), seen=Seen(replace(opened(), fork=True))))
    assert found[0] == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (None, Phase.WAITING),
        (Changes(("docs/a.md",)), Phase.REFUSED),
        (Changes(("src/a/b.py",)), Phase.STARTING),
        # What the forge does not list may be anything.
        (Changes(("docs/a.md",), complete=False), Phase.STARTING),
    ],
)
def test_paths_are_asked_for(files: Changes | None, expected: Phase) -> None:
    settings = replace(SETTINGS, paths=("src", "*.toml"))
    assert phase(decided(seen=Seen(opened(), files), settings=settings))[0] == expected


def test_without_a_forge_the_wish_alone_counts() -> None:
    by_hand = Spec("acme", "shop", 7, head=commit(1))
    assert phase(decided(by_hand, seen=None, settings=Settings()))[0] == Phase.STARTING
    waiting = alone(decided(replace(by_hand, head=""), seen=None, settings=Settings()))
    assert waiting.phase == Phase.WAITING


def test_a_preview_under_another_name_does_nothing() -> None:
    written = alone(decide(None, Preview("shop-7", SPEC), (), SETTINGS, START))
    assert written.phase == Phase.REFUSED
    assert NAME in written.message


def test_a_run_of_ours_that_waits_for_a_person_s_says_so() -> None:
    """Two that start at once: Argo lets one go on."""
    theirs = Workflow("mine", 0, Kind.TEST, commit(1), over=False)
    ours = replace(OLD, waits_for="mine")
    found = phase(decided(status=replace(NEW, run=TEST), workflows=[theirs, ours]))
    assert found == (Phase.WAITING, f"{ours.name} waits until mine has ended")


def test_a_person_s_own_run_is_waited_for() -> None:
    found = phase(decided(workflows=[Workflow("mine", 0, Kind.TEST, commit(1), over=False)]))
    assert found == (Phase.WAITING, "waiting for mine, which a person started")


LATER = Turn(3, "the 2 runs that may live do")


def test_one_that_waits_says_its_place_and_since_when() -> None:
    actions = decided(turn=LATER)
    written = alone(actions)
    assert claims(Preview(NAME, SPEC), actions) == ""
    assert (written.phase, written.place, written.run) == (Phase.QUEUED, 3, None)
    assert written.message == "place 3 in the queue: the 2 runs that may live do"
    assert written.queued == moments.stamp(START)
    hour = START + timedelta(hours=1)
    # Others had their turn, a newer commit came, the forge was away: it keeps its place in the row.
    pushed = replace(SPEC, head=commit(2))
    newer = Seen(replace(opened(), head=commit(2)))
    for spec, seen in ((SPEC, SEEN), (pushed, newer), (SPEC, None)):
        (actions,) = [decided(spec, written, seen=seen, now=hour, turn=Turn(1, "so"))]
        assert alone(actions).queued == moments.stamp(START)


def test_whose_turn_came_waits_no_more() -> None:
    waited = alone(decided(turn=LATER))
    actions = decided(status=waited, now=START + timedelta(hours=1))
    written = status_in(actions)
    assert claims(Preview(NAME, SPEC, waited), actions) == f"{NAME}-1"
    assert (written.place, written.queued) == (0, "")
    assert run_of(written).claimed == moments.stamp(START + timedelta(hours=1))


def test_whose_wish_is_gone_waits_no_more() -> None:
    waited = alone(decided(turn=LATER))
    assert alone(decided(replace(SPEC, suspend=True), waited, turn=LATER)).queued == ""
    by_hand = Workflow("mine", 0, Kind.TEST, commit(1), over=False)
    assert alone(decided(status=waited, workflows=[by_hand], turn=LATER)).queued == ""


def test_what_takes_a_preview_away_waits_for_no_turn() -> None:
    closed = Seen(replace(opened(), open=False))
    ending = decided(status=replace(NEW, run=TEST), seen=closed, turn=LATER)
    assert run_of(status_in(ending)).kind == Kind.END
    assert claims(Preview(NAME, SPEC, replace(NEW, run=TEST)), ending) == ""


PUSHED = replace(opened(), head=commit(2))


@pytest.mark.parametrize(
    ("workflow", "seconds", "stopped"),
    [
        # An agent may have pushed, and is about to say so.
        (replace(OLD, writing=True), 59, False),
        (replace(OLD, writing=True), 60, True),
        (OLD, 1, True),
        # It said so.
        (replace(OLD, made=(commit(2),)), 99, False),
        (replace(OLD, made=(commit(3),)), 99, True),
    ],
)
def test_what_an_agent_of_the_run_pushed_stops_it_not(workflow: Workflow, seconds: int, stopped: bool) -> None:
    status = Status(run=replace(TEST, phase=RunPhase.RUNNING, ended=""))
    now = START + timedelta(seconds=seconds)
    actions = decided(replace(SPEC, head=commit(2)), status, [workflow], Seen(PUSHED, since=START), now=now)
    assert any(isinstance(action, StopRun) for action in actions) == stopped


def test_whoever_wants_the_same_head_once_more_waits_for_no_agent() -> None:
    status = Status(run=replace(TEST, phase=RunPhase.RUNNING, ended=""))
    seen, writing = Seen(opened(), since=START), replace(OLD, writing=True)
    again = replace(SPEC, retest="comment-1")
    assert StopRun(OLD.name, Cause.SUPERSEDED) in decided(again, status, [writing], seen)


def test_a_repository_of_another_name_ends_what_was_made_under_the_former_one() -> None:
    renamed = Seen(replace(opened(), repo="store"))
    ending = decided(status=Status(run=TEST), seen=renamed)
    assert run_of(status_in(ending)).cause == Cause.CLOSED
    assert "called acme/store now" in status_in(ending).message
    assert not [action for action in ending if isinstance(action, Follow)]


@pytest.mark.parametrize(
    ("opened_at", "number"),
    [("", 1), ("2026-01-01T00:00:00Z", 1), ("2025-12-31T23:55:01Z", 1), ("2025-12-31T23:54:59Z", 60 * 24 * 30)],
)
def test_a_preview_that_was_made_anew_takes_no_earlier_run_s_name(opened_at: str, number: int) -> None:
    preview = Preview(NAME, SPEC, Status(), created="2026-01-01T00:00:00Z")
    actions = decide(Seen(replace(opened(), created=opened_at)), preview, [], SETTINGS, START + timedelta(days=30))
    run = run_of(status_in(actions))
    assert (run.number, run.name) == (number, f"{NAME}-{number}")


def test_what_has_ended_rests_until_the_forge_is_heard_again() -> None:
    done = replace(TEST, kind=Kind.END, cause=Cause.CLOSED)
    status = replace(NEW, run=done, phase=Phase.ENDED, observed_generation=1)
    assert decided(status=status, seen=None) == ()
    assert decided(status=status, seen=Seen(opened())), "it was opened again"


def test_a_head_that_a_run_s_agents_made_needs_no_run_of_its_own() -> None:
    done = replace(OLD, over=True, good=True, made=(commit(2), commit(3)), ended=moments.stamp(START))
    for head in (commit(1), commit(2), commit(3)):
        pushed = replace(PUSHED, head=head)
        written = alone(decided(replace(SPEC, head=head), Status(run=TEST), [done], Seen(pushed)))
        assert (written.phase, written.tested_commit) == (Phase.READY, commit(3))
    # Its Workflow is gone by then.
    again = replace(SPEC, head=commit(3))
    assert decided(again, written, [], Seen(pushed)) == ()


@pytest.mark.parametrize("phase", [RunPhase.FAILED, RunPhase.LOST])
def test_what_stays_when_its_time_is_over_is_taken_away_again(phase: RunPhase) -> None:
    ended = Run(f"{NAME}-2", 2, Kind.END, phase, commit(1), cause=Cause.EXPIRED, ended=moments.stamp(START))
    status, later = replace(NEW, run=ended, history=(TEST,)), START + timedelta(hours=1)
    again = run_of(status_in(decided(status=status, now=later)))
    assert (again.kind, again.cause, again.number) == (Kind.END, Cause.EXPIRED, 3)
    for spec in (replace(SPEC, pinned=True), replace(SPEC, expires=moments.stamp(START + timedelta(days=2)))):
        assert not any(isinstance(action, StartRun) for action in decided(spec, status, now=later))
    newer = decided(replace(SPEC, head=commit(2)), status, seen=Seen(replace(opened(), head=commit(2))), now=later)
    assert run_of(status_in(newer)).kind == Kind.TEST


def test_a_closed_pull_request_s_preview_stays_ended_while_a_new_controller_has_not_heard_from_the_forge() -> None:
    gone = Run(f"{NAME}-2", 2, Kind.END, RunPhase.SUCCEEDED, commit(1), cause=Cause.CLOSED, ended=moments.stamp(START))
    found = status_in(decided(status=Status(run=gone, history=(TEST,), url="https://shop-pr-7.example.com"), seen=None))
    assert (found.phase, found.url) == (Phase.ENDED, "")
