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


def stamp(moment: datetime) -> str:
    """Return a moment, in UTC, as the API server writes it (RFC 3339, whole seconds)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> datetime:
    """Return the moment of an RFC 3339 text. Raises ValueError."""
    return datetime.fromisoformat(text)
