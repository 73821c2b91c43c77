"""The load test's answers over time, drawn: each point the slowest of some requests that followed each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import files

MOST_READ = 100_000
MOST_POINTS = 300
WIDTH, HEIGHT = 320, 150
_LEFT, _TOP, _BOTTOM = 42, 8, 130


@dataclass(frozen=True)
class Point:
    """A place in the plot; `failed` where one of its requests was not answered as it should be."""

    x: float
    y: float
    failed: bool


@dataclass(frozen=True)
class Level:
    """A line across the plot: `kind` says how it is drawn."""

    name: str
    kind: str
    milliseconds: float
    y: float


@dataclass(frozen=True)
class Plot:
    """`each`: how many requests a point stands for at most; `ticks` are heights and their milliseconds."""

    points: tuple[Point, ...]
    levels: tuple[Level, ...]
    ticks: tuple[tuple[float, str], ...]
    each: int


def plot(requests: Path, percentiles: dict[str, float | None], limit: float | None) -> Plot | None:
    """Return the plot of requests.jsonl, these percentiles and the limit of p95; None where nothing was measured."""
    seen = [
        (files.word(one.get("began")), latency, one.get("ok") is not True)
        for one in files.lines(requests, MOST_READ)
        if (latency := files.number(one.get("latency_ms"))) is not None and latency >= 0
    ]
    if not seen:
        return None
    seen.sort(key=lambda one: one[0])
    each = -(-len(seen) // MOST_POINTS)
    groups = [seen[at : at + each] for at in range(0, len(seen), each)]
    slowest = [(max(latency for _, latency, _ in group), any(bad for *_, bad in group)) for group in groups]
    lines = {name: value for name, value in (*percentiles.items(), ("limit", limit)) if value is not None}
    top = max(*(latency for latency, _ in slowest), *lines.values(), 1.0) * 1.05

    def height(milliseconds: float) -> float:
        return round(_BOTTOM - milliseconds / top * (_BOTTOM - _TOP), 1)

    step = (WIDTH - _LEFT - 8) / max(len(slowest) - 1, 1)
    return Plot(
        tuple(Point(round(_LEFT + at * step, 1), height(ms), bad) for at, (ms, bad) in enumerate(slowest)),
        tuple(Level(name, name, ms, height(ms)) for name, ms in lines.items()),
        tuple((height(share * top), milliseconds(share * top)) for share in (0.0, 0.5, 1.0)),
        each,
    )


def milliseconds(value: float | None) -> str:
    """Return a latency in words."""
    if value is None:
        return "–"
    return f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"
