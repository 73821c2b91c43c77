"""When each stage ran, as shares of the run's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from implementation_dag.base import moments


@dataclass(frozen=True)
class Bar:
    """A task: `seconds` it took, None where it is not known; `start` and `width` are percent of the run."""

    task: str
    verdict: str
    seconds: float | None = None
    start: float = 0.0
    width: float = 0.0


def bars(tasks: dict[str, str], times: dict[str, Any]) -> list[Bar]:
    """Return a bar for each task of `tasks` (task → verdict), by `times` (task → started and ended)."""
    spans = {task: span for task in tasks if (span := _span(times.get(task)))}
    if not spans:
        return [Bar(task, verdict) for task, verdict in tasks.items()]
    first = min(begin for begin, _ in spans.values())
    whole = max((max(end for _, end in spans.values()) - first).total_seconds(), 1.0)
    found = []
    for task, verdict in tasks.items():
        if task not in spans:
            found.append(Bar(task, verdict))
            continue
        begin, end = spans[task]
        took = (end - begin).total_seconds()
        start = round((begin - first).total_seconds() / whole * 100, 2)
        # What took no second is seen all the same.
        found.append(Bar(task, verdict, took, start, max(round(took / whole * 100, 2), 0.5)))
    return found


def between(started: object, ended: object) -> float | None:
    """Return the seconds between two moments; None where one is missing."""
    span = _span({"started": started, "ended": ended})
    return (span[1] - span[0]).total_seconds() if span else None


def told(seconds: float | None) -> str:
    """Return a duration in words: 45 s, 3 min 5 s, 2 h 3 min."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def moment(text: object) -> str:
    """Return a moment in words: 2026-01-31 12:00 UTC."""
    try:
        found = moments.read(str(text))
        return found.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if found.tzinfo else "unknown"
    except (ValueError, OverflowError):
        return "unknown"


def _span(found: Any) -> tuple[datetime, datetime] | None:
    try:
        begin, end = moments.read(found["started"]), moments.read(found["ended"])
        return (begin, end) if end >= begin and begin.tzinfo else None
    except (TypeError, KeyError, ValueError):
        return None
