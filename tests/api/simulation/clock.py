"""The clock of a simulated history: it stands still until something lets time pass."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Begins now, as the API server stamps what it stores by its own clock. While somebody waits, others go on."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._ahead = 0.0
        self._began = time.time()
        self._meanwhile = meanwhile

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self._began + self._ahead

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self.time()

    def sleep(self, seconds: float, /) -> None:
        """Let time pass, and others do their work."""
        self.ahead(seconds)
        self._meanwhile()

    def ahead(self, seconds: float) -> None:
        """Let time pass at once."""
        self._ahead += seconds
