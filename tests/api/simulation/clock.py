"""The clock of a simulated history: it stands still until something lets time pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

# Any moment would do, as long as each play begins at the same one.
BEGINS = datetime(2030, 1, 1, tzinfo=UTC).timestamp()


class Clock:
    """While somebody waits, others go on."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._now = BEGINS
        self._meanwhile = meanwhile

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self.time()

    def sleep(self, seconds: float, /) -> None:
        """Let time pass, and others do their work."""
        self.ahead(seconds)
        self._meanwhile()

    def ahead(self, seconds: float) -> None:
        """Let time pass at once."""
        self._now += seconds
