"""What is known of a forge's pull requests, and how it is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from implementation_dag.forge.errors import Limited, Missing, Unavailable, Unclear
from implementation_dag.forge.model import Listing, PullRequest
from implementation_dag.pull_requests.patience import FIRST_SILENCE_SECONDS, NotAsked, Patience, Pauses
from implementation_dag.pull_requests.watching import Watch
from tests.unit.pull_requests.peer import Peer, given
from tests.unit.pull_requests.world import NAME, commit, opened

NOW = replace(opened(), updated="2026-01-01T00:00:05Z")


def poll(watch: Watch, *known: str) -> tuple[list[PullRequest], list[str]]:
    """What a list of the repository leads to."""
    taken: tuple[list[PullRequest], list[str]] = ([], [])

    def take(opened: Sequence[PullRequest], missing: Sequence[str]) -> None:
        taken[0].extend(opened)
        taken[1].extend(missing)

    watch.poll("acme", "shop", known, take)
    return taken


@pytest.fixture
def reader() -> Peer:
    return Peer(NOW)


@pytest.fixture
def watch(reader: Peer) -> Watch:
    return Watch(reader, Patience(3600, clock=lambda: 0.0))


def test_one_that_is_missing_from_a_list_has_to_be_asked_for(watch: Watch, reader: Peer) -> None:
    reader.listing = Listing((), complete=True, tag="1")
    assert poll(watch, NAME) == ([], [NAME])
    assert watch.seen(NAME) is None
    reader.found = replace(NOW, open=False)
    watch.ask("acme", "shop", 7)
    assert poll(watch, NAME) == ([], []), "what is known to be closed is not asked for again"
    assert reader.tags == ["", "1"]


def test_from_half_a_list_nothing_is_missing(watch: Watch, reader: Peer) -> None:
    reader.listing = Listing((NOW,), complete=False, tag="1")
    assert poll(watch, NAME, "other") == ([NOW], [])
    poll(watch)
    assert reader.tags == ["", ""], "half a list has no tag to go by"


def test_nothing_new_says_nothing(watch: Watch, reader: Peer) -> None:
    assert poll(watch, NAME) == ([], [])


def test_a_list_that_could_not_be_taken_comes_again(watch: Watch, reader: Peer) -> None:
    reader.listing = Listing((NOW,), complete=True, tag="1")

    def refuse(*_: object) -> None:
        raise Unavailable("simulated")

    with pytest.raises(Unavailable):
        watch.poll("acme", "shop", [], refuse)
    assert poll(watch) == ([NOW], [])
    assert reader.tags == ["", ""]


def test_a_forge_writes_the_time_of_its_own_zone_which_changes_in_autumn(watch: Watch, reader: Peer) -> None:
    reader.found = replace(NOW, updated="2026-10-25T02:50:00+02:00")
    watch.ask("acme", "shop", 7)
    reader.found = replace(NOW, head=commit(2), updated="2026-10-25T02:05:00+01:00")
    watch.ask("acme", "shop", 7)
    found = watch.seen(NAME)
    assert found
    assert found.pull_request.head == commit(2)


def test_an_older_list_takes_back_no_newer_answer(watch: Watch, reader: Peer) -> None:
    watch.ask("acme", "shop", 7)
    reader.listing = Listing((replace(NOW, head=commit(9), updated="2026-01-01T00:00:01Z"),), complete=True)
    poll(watch)
    found = watch.seen(NAME)
    assert found is not None
    assert found.pull_request == NOW


def test_files_are_asked_for_once_a_head(watch: Watch, reader: Peer) -> None:
    assert watch.ask("acme", "shop", 7, files=True).files == reader.changes
    watch.ask("acme", "shop", 7, files=True)
    assert reader.asked == 3
    reader.found = replace(NOW, head=commit(2))
    assert watch.ask("acme", "shop", 7).files is None


@pytest.mark.parametrize(("error", "seconds"), [(Limited("slow down", 30), 30), (Unavailable("502"), 2)])
def test_a_forge_that_does_not_answer_is_left_alone_for_a_time(error: Exception, seconds: int) -> None:
    now, calls = [100.0], []

    def fail() -> None:
        calls.append(now[0])
        raise error

    patience = Patience(3600, clock=lambda: now[0])
    for moment in (100.0, 100.0 + seconds - 0.1, 100.0 + seconds):
        now[0] = moment
        with pytest.raises(Unavailable):
            patience.call(fail)
    assert calls == [100.0, 100.0 + seconds]


def test_the_silence_grows_and_ends_with_an_answer() -> None:
    now = [0.0]
    patience = Patience(360000, clock=lambda: now[0])
    waited = []
    for _ in range(8):
        with pytest.raises(Unavailable):
            patience.call(lambda: given(Unavailable("502")))
        waited.append(patience._silent_until - now[0])
        now[0] = patience._silent_until
    assert waited == [2, 4, 8, 16, 32, 64, 120, 120]
    assert patience.call(lambda: "fine") == "fine"
    with pytest.raises(Unavailable):
        patience.call(lambda: given(Unavailable("502")))
    assert patience._silent_until - now[0] == 2


def test_no_more_calls_than_the_budget_has_and_it_fills_up_again() -> None:
    now = [0.0]
    patience = Patience(10, clock=lambda: now[0])
    for _ in range(10):
        patience.call(patience.spend)
    with pytest.raises(NotAsked, match="callsPerHour"):
        patience.call(patience.spend)
    # Not one by one: what needs several requests would never end.
    now[0] = 3599.0
    with pytest.raises(NotAsked):
        patience.call(lambda: None)
    now[0] = 3600.0
    for _ in range(10):
        patience.call(patience.spend)


@generated(st.lists(st.lists(st.floats(0, 600), max_size=40), max_size=30), st.integers(1, 400))
def test_whatever_is_asked_no_hour_has_more_requests_than_the_budget_and_a_full_one(
    operations: list[list[float]], most: int
) -> None:
    """An operation is some requests, each some seconds after that before."""
    now, made = [0.0], list[float]()
    patience = Patience(most, clock=lambda: now[0])

    def operation(pauses: list[float]) -> None:
        for pause in pauses:
            now[0] += pause
            patience.spend()
            made.append(now[0])

    for pauses in operations:
        with contextlib.suppress(NotAsked):
            patience.call(partial(operation, pauses))
    for since in made:
        assert sum(since <= moment < since + 3600 for moment in made) <= 2 * most


def test_a_request_that_is_not_made_says_nothing_of_the_forge() -> None:
    """The silence after a fault does not grow by it."""
    patience = Patience(10, clock=lambda: 0.0)

    def operation() -> None:
        patience._keep_silent(5)
        patience.spend()

    with pytest.raises(NotAsked):
        patience.call(operation)
    assert patience._silence == FIRST_SILENCE_SECONDS


def test_an_odd_answer_for_one_thing_silences_nobody_else() -> None:
    patience, pauses = Patience(10, clock=lambda: 0.0), Pauses(lambda: 0.0)
    with pytest.raises(Unclear) as found:
        patience.call(lambda: given(Unclear("the answer has more than 16777216 bytes")))
    assert patience.call(lambda: 1) == 1
    assert pauses.refused("one", found.value)
    assert pauses.waits("one")


def test_what_is_not_there_is_an_answer() -> None:
    patience = Patience(10, clock=lambda: 0.0)
    with pytest.raises(Missing):
        patience.call(lambda: given(Missing("404")))
    assert patience.call(lambda: 1) == 1
