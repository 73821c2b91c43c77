"""Waiting looks at once, looks a last time when the time is over, and never sleeps beyond it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from implementation_dag.base import wait

# Whole ones: a sum of them is what it is.
SECONDS, PAUSES = some.integers(0, 200), some.integers(1, 50)


class Watch:
    """A clock that nobody waits for."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        assert seconds > 0
        self.now, self.slept = self.now + seconds, self.slept + seconds


@given(SECONDS, PAUSES)
def test_what_never_holds_is_looked_at_from_the_start_to_the_end(seconds: int, pause: int) -> None:
    watch, seen = Watch(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wait, "CLOCK", watch)
        for left in wait.rounds(seconds, pause):
            seen.append((watch.now - 100, left))
    times = [at for at, _ in seen]
    assert times[0] == 0
    assert seen[-1][1] == 0
    assert times[-1] == seconds
    assert all(after - before <= pause for before, after in pairwise(times))
    assert all(left == seconds - at for at, left in seen)


@given(SECONDS, PAUSES, some.integers(0, 20))
def test_slow_looks_end_with_one_after_the_time_is_over(seconds: int, pause: int, look: int) -> None:
    watch, over = Watch(), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wait, "CLOCK", watch)
        for _ in wait.rounds(seconds, pause):
            over += watch.now - 100 >= seconds
            watch.now += look
    assert over == 1
    assert watch.slept <= seconds


@given(some.integers(0, 8))
def test_the_first_answer_that_is_true_is_given_at_once(false_ones: int) -> None:
    watch, answers = Watch(), iter([*[0] * false_ones, 7, 8])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wait, "CLOCK", watch)
        assert wait.until(lambda: next(answers), 100, 3) == 7
    assert watch.slept == 3 * false_ones


def test_without_time_it_is_looked_once_and_the_last_answer_is_given() -> None:
    answers = iter([0, 1])
    assert wait.until(lambda: next(answers), 0) == 0
