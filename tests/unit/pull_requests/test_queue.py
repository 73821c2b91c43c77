"""Whose turn it is: repositories in turn, nobody for ever behind others, and the place that is shown is true."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.base import moments
from implementation_dag.pull_requests.model import Kind, Phase, Preview, Run, RunPhase, Status, Turn
from implementation_dag.pull_requests.queue import AHEAD, Entry, Limits, entry, turns
from tests.unit.pull_requests.test_decide import SPEC, TEST
from tests.unit.pull_requests.world import NAME, START, commit

ONE = "the one run that may live does"


def waiting(name: str, minute: int = 0, served: str = "") -> Entry:
    """One that waits, of the repository that its name begins with."""
    return Entry(name, name[0], since=START + timedelta(minutes=minute), served=served)


def living(name: str) -> Entry:
    return Entry(name, name[0], runs=True, holds=True, served=moments.stamp(START))


def places(entries: Sequence[Entry], limits: Limits) -> dict[str, int]:
    return {name: turn.place for name, turn in turns(entries, limits).items()}


def test_without_limits_everybody_starts() -> None:
    assert places([waiting("a1"), waiting("a2"), living("a3")], Limits()) == {"a1": 0, "a2": 0}
    assert not Limits().any


def test_each_limit_says_what_it_holds_up_and_holds_up_nobody_else() -> None:
    entries = [living("a0"), waiting("a1", 1), waiting("a2", 2), waiting("b1", 3), waiting("c1", 4)]
    found = turns(entries, Limits(runs=3, each=1))
    assert found == {
        "b1": Turn(),
        "c1": Turn(),
        "a1": Turn(1, f"{ONE} of a"),
        "a2": Turn(2, f"{ONE} of a"),
    }
    found = turns([living("x1"), living("x2"), waiting("a1")], Limits(runs=2, each=2))
    assert found == {"a1": Turn(1, "the 2 runs that may live do")}


def test_repositories_take_turns() -> None:
    """Of one with a hundred pull requests one runs, then the others' do."""
    many = [waiting(f"a{number:02}", served="2026") for number in range(100)]
    found = places([*many, waiting("b1", 50), waiting("b2", 51), waiting("c1", 60, "2025")], Limits(runs=1))
    first = sorted(found, key=lambda name: found[name])[:6]
    assert first == ["b1", "c1", "a00", "b2", "a01", "a02"]


def test_a_preview_that_is_there_needs_no_more_capacity() -> None:
    limits = Limits(previews=2, takes="each takes requests.cpu 2 of 4")
    kept, again = Entry("a1", "a", holds=True), replace(waiting("a2"), holds=True)
    found = turns([kept, again, waiting("b1")], limits)
    why = "no capacity is free: 2 previews are there, each takes requests.cpu 2 of 4"
    assert found == {"a2": Turn(), "b1": Turn(1, why)}
    # What is let in now takes its part too.
    assert places([kept, waiting("b1"), waiting("c1")], limits) == {"b1": 0, "c1": 1}


WAITS = Status(phase=Phase.QUEUED, queued=moments.stamp(START))
STARTING = Run(f"{NAME}-1", 1, Kind.TEST, commit=commit(1), claimed="2026-01-01T00:00:00Z")
ENDING = replace(STARTING, name=f"{NAME}-2", number=2, kind=Kind.END)


@pytest.mark.parametrize(
    ("run", "live", "runs_now", "holds"),
    [
        (None, False, False, False),
        (STARTING, False, True, True),
        (replace(STARTING, phase=RunPhase.RUNNING), True, True, True),
        # It has ended, and how is not written down yet.
        (replace(STARTING, phase=RunPhase.RUNNING), False, False, True),
        # Its Workflow is gone: a reaper takes the preview away.
        (replace(STARTING, phase=RunPhase.LOST), False, False, False),
        (TEST, False, False, True),
        (replace(TEST, phase=RunPhase.FAILED), False, False, False),
    ],
)
def test_what_counts_of_a_preview(run: Run | None, live: bool, runs_now: bool, holds: bool) -> None:
    found = entry(Preview(NAME, SPEC, Status(run=run)), live)
    assert (found.runs, found.holds, found.since) == (runs_now, holds, None)
    assert found.served == (run.claimed if run else "")


@pytest.mark.parametrize("made", [RunPhase.SUCCEEDED, RunPhase.FAILED])
@pytest.mark.parametrize("ending", [RunPhase.STARTING, RunPhase.RUNNING, RunPhase.FAILED, RunPhase.SUCCEEDED])
def test_a_preview_counts_until_it_is_taken_away(made: RunPhase, ending: RunPhase) -> None:
    """Of a run that failed none was left, whatever is done about it."""
    status = Status(run=replace(ENDING, phase=ending), history=(replace(TEST, phase=made),))
    found = entry(Preview(NAME, SPEC, status), live=False)
    assert found.holds == (made == RunPhase.SUCCEEDED and ending != RunPhase.SUCCEEDED)
    assert not found.runs


def test_who_waits_is_in_the_row_until_it_lives() -> None:
    assert entry(Preview(NAME, SPEC, WAITS), live=False).since == START
    assert entry(Preview(NAME, SPEC, WAITS), live=True).since is None
    assert entry(Preview(NAME, SPEC), live=False, since=START).since == START


def test_a_retest_counts_as_if_asked_for_earlier() -> None:
    again = Preview(NAME, replace(SPEC, retest="1"), replace(WAITS, run=TEST))
    assert entry(again, live=False).since == START - AHEAD
    # A new commit is none, nor is it the run that was asked for then.
    for spec, run in ((replace(SPEC, head=commit(2), retest="1"), TEST), (SPEC, replace(TEST, retest=""))):
        assert entry(Preview(NAME, spec, replace(WAITS, run=run)), live=False).since == START
    late = int(AHEAD.total_seconds()) // 60
    first, overtakes, too_late = waiting("a1", 1), waiting("a2", 0), waiting("a3", 2)
    assert places([first, overtakes, too_late], Limits(runs=1)) == {"a2": 0, "a1": 1, "a3": 2}
    assert late == 10


@st.composite
def rows(draw: st.DrawFn) -> list[Entry]:
    """Some that wait and some that live, of a few repositories."""
    names = st.builds("{}{}".format, st.sampled_from("abcd"), st.integers(1, 99))
    found = draw(st.lists(names, unique=True, min_size=1, max_size=25))
    moments = [draw(st.integers(0, 50)) for _ in found]
    served = {each: draw(st.sampled_from(["", "2025", "2026"])) for each in "abcd"}
    return [
        waiting(name, minute, served[name[0]]) if draw(st.booleans()) else replace(living(name), served=served[name[0]])
        for name, minute in zip(found, moments, strict=True)
    ]


LIMITS = st.builds(Limits, st.integers(0, 6), st.integers(0, 3), st.integers(0, 8), st.just("x"))


@given(rows(), LIMITS)
def test_the_limits_hold_and_no_room_is_left_empty(entries: list[Entry], limits: Limits) -> None:
    found = turns(entries, limits)
    let_in = {name for name, turn in found.items() if not turn.place}
    runs_then = [each for each in entries if each.runs or each.name in let_in]
    before = [each for each in entries if each.runs]
    if limits.runs and let_in:
        assert len(runs_then) <= limits.runs
    for repository in "abcd" if limits.each else "":
        here = [each for each in runs_then if each.repository == repository]
        assert len(here) <= max(limits.each, sum(each.repository == repository for each in before))
    # Places are told without a gap, and why.
    waits = sorted(turn.place for turn in found.values() if turn.place)
    assert waits == list(range(1, len(waits) + 1))
    assert all(bool(turn.why) == bool(turn.place) for turn in found.values())


@given(rows(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_nobody_with_a_later_place_comes_first(entries: list[Entry], runs_at_once: int, chance: random.Random) -> None:
    """While nobody new comes: in whatever order runs end, the places that were shown are the order of the starts."""
    limits, moment = Limits(runs=runs_at_once), START
    shown = places(entries, limits)
    row, started = {each.name: each for each in entries}, list[str]()
    while any(each.since for each in row.values()):
        for name, turn in turns(row.values(), limits).items():
            if not turn.place:
                moment += timedelta(seconds=1)
                row[name] = replace(living(name), served=moments.stamp(moment))
                started.append(name)
                break
        else:
            over = chance.choice([name for name, each in row.items() if each.runs])
            row[over] = replace(row[over], runs=False)
    assert [shown[name] for name in started] == sorted(shown[name] for name in started)


@given(st.integers(2, 5), st.integers(1, 3), st.randoms(use_true_random=False))
def test_nobody_waits_for_ever_behind_those_who_come_later(
    repositories: int, runs_at_once: int, chance: random.Random
) -> None:
    """Repositories that are never done, whose retests overtake: each that waits now has its turn in a bounded time."""
    limits, minutes = Limits(runs=runs_at_once), 0
    row = {f"{repo}0": waiting(f"{repo}0") for repo in "abcdefgh"[:repositories]}
    row["a1"] = waiting("a1")
    for number in range(2, 200):
        minutes += 1
        repo = chance.choice("abcdefgh"[:repositories])
        # As if a retest each time.
        row[f"{repo}{number}"] = waiting(f"{repo}{number}", minutes - int(AHEAD.total_seconds()) // 60)
        for name, turn in turns(row.values(), limits).items():
            if not turn.place:
                row[name] = replace(living(name), served=moments.stamp(START + timedelta(minutes=minutes)))
        over = [name for name, each in row.items() if each.runs]
        for name in over[:runs_at_once]:
            row[name] = replace(row[name], runs=False, since=None)
        if not row["a1"].since:
            break
    # Ten minutes of those who came later overtake it, and between two of them comes one of each other repository.
    assert minutes <= (int(AHEAD.total_seconds()) // 60 + 2) * repositories
