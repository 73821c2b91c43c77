"""Requests to the forge within a budget; after a fault nothing is asked for a time, so that a look never waits long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from implementation_dag.base import moments
from implementation_dag.forge.errors import ForgeError, Limited, Unavailable, Unclear

Result = TypeVar("Result")
FIRST_SILENCE_SECONDS = 2.0
LONGEST_SILENCE_SECONDS = 120.0
# What the forge refuses, while it takes the rest, is a person's doing: whoever makes us try does not use up the budget.
LONGEST_PAUSE_SECONDS = 900.0
HOUR = 3600.0
# Who has used up the budget waits until so much is there again: what needs several requests would never end.
RESERVE = 50


class NotAsked(Unavailable):
    """No request was made, so it says nothing of the forge."""


def longer(pause: float, longest: float) -> float:
    """Return the pause after one that was in vain."""
    return min(pause * 2, longest)


class Patience:
    """Counts requests, and keeps silent when the forge wants it so, or does not answer."""

    def __init__(self, calls_per_hour: int, clock: Callable[[], float] = moments.passed) -> None:
        """The budget fills up evenly: one that was not used is there for a burst."""
        self._rate = calls_per_hour / HOUR
        self._most = float(calls_per_hour)
        self._left = self._most
        self._clock = clock
        self._filled = clock()
        self._silent_until = 0.0
        self._silence = FIRST_SILENCE_SECONDS
        self._lock = threading.Lock()

    def call(self, what: Callable[[], Result]) -> Result:
        """Return what the forge answers. Raises ForgeError; at once, as NotAsked, while it is not to be asked."""
        with self._lock:
            self._check(self._clock())
        try:
            found = what()
        except (NotAsked, Unclear):
            raise
        except Limited as error:
            self._keep_silent(error.seconds)
            raise
        except Unavailable:
            with self._lock:
                seconds, self._silence = self._silence, longer(self._silence, LONGEST_SILENCE_SECONDS)
            self._keep_silent(seconds)
            raise
        with self._lock:
            self._silence = FIRST_SILENCE_SECONDS
        return found

    def left(self) -> float:
        """Return how many requests the budget has now."""
        with self._lock:
            return self._fill(self._clock())

    def spend(self) -> None:
        """Count one request before it is made. Raises NotAsked where it may not be."""
        with self._lock:
            now = self._clock()
            self._fill(now)
            self._check(now)
            if self._left < 1:
                wait = (min(RESERVE, self._most) - self._left) / self._rate
                self._silent_until = max(self._silent_until, now + wait)
                raise NotAsked(f"the budget of requests (forge.callsPerHour) is used up: none for {wait:.0f} s")
            self._left -= 1

    def _fill(self, now: float) -> float:
        self._left = min(self._most, self._left + (now - self._filled) * self._rate)
        self._filled = now
        return self._left

    def _check(self, now: float) -> None:
        if now < self._silent_until:
            raise NotAsked(f"the forge is not asked for {self._silent_until - now:.0f} s more")

    def _keep_silent(self, seconds: float) -> None:
        with self._lock:
            self._silent_until = max(self._silent_until, self._clock() + seconds)


class Pauses:
    """What was refused for one thing is not tried again at once, and each time later; others are not held up by it."""

    def __init__(self, clock: Callable[[], float] = moments.passed) -> None:
        """Nothing waits yet."""
        self._clock = clock
        self._until: dict[str, float] = {}
        self._pause: dict[str, float] = {}

    def waits(self, name: str) -> bool:
        """Whether it is not to be tried yet."""
        return self._clock() < self._until.get(name, 0.0)

    def refused(self, name: str, error: ForgeError) -> bool:
        """Let it wait, longer than before; say whether it does.

        A forge that does not answer at all is asked nothing for a time anyway (Patience).
        """
        if isinstance(error, Unavailable) and not isinstance(error, Unclear):
            return False
        pause = self._pause.get(name, FIRST_SILENCE_SECONDS)
        self._until[name] = self._clock() + pause
        self._pause[name] = longer(pause, LONGEST_PAUSE_SECONDS)
        return True

    def done(self, name: str) -> None:
        """Forget that it was ever refused."""
        self._until.pop(name, None)
        self._pause.pop(name, None)
