"""What time it is for the controllers, by the one clock: a simulation puts in its own."""

from __future__ import annotations

from datetime import UTC, datetime

from . import wait


def now() -> datetime:
    """Return the time of the wall, in UTC."""
    return datetime.fromtimestamp(wait.CLOCK.time(), UTC)


def passed() -> float:
    """Return the seconds since some moment; the wall's clock may be set, this one never goes back."""
    return wait.CLOCK.monotonic()
