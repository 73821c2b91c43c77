"""The one way to wait: look, pause, look again, until it holds or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

Found = TypeVar("Found")


class Clock(Protocol):
    """What tells the time and lets it pass; `time` is one, and a test has one that needs none."""

    def time(self) -> float:
        """Seconds since 1970 by the clock on the wall."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Come back after so many seconds."""


CLOCK: Clock = time


def rounds(seconds: float, pause: float = 1.0) -> Iterator[float]:
    """Yield at once, after each pause, and a last time when `seconds` are over: what is left of them, 0.0 at the end.

    Whoever looks in its body leaves the loop when it holds; what follows the loop is what to do when it never did.
    """
    deadline = CLOCK.monotonic() + seconds
    left = seconds
    while left > 0:
        yield left
        left = deadline - CLOCK.monotonic()
        if left > 0:
            CLOCK.sleep(min(pause, left))
            left = deadline - CLOCK.monotonic()
    yield 0.0


def until(look: Callable[[], Found], seconds: float, pause: float = 1.0) -> Found:
    """Return the first answer of `look` that is true, or else its last one when `seconds` are over."""
    for _ in rounds(seconds, pause):
        if found := look():
            break
    return found
