"""The figures of a load test, and whether they hold the limits: in all, for each host, for each path."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from implementation_dag.acceptance.load import Load
from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.settings import Settings
from implementation_dag.contract.parameters import decimal


@dataclass(frozen=True)
class Figures:
    """Requests made and successful, and latency in milliseconds (None when nothing was measured)."""

    total: int
    successful: int
    latency: dict[str, float | None]

    @property
    def success_pct(self) -> float:
        """Share of successful requests, 0 when none was made."""
        return self.successful / self.total if self.total else 0.0


@dataclass(frozen=True)
class Scope:
    """Figures of all requests or of one target, and a sentence for each limit that they do not hold."""

    figures: Figures
    missed: tuple[str, ...]


@dataclass(frozen=True)
class TargetSummary:
    """One target's figures, in all and for each path in the configured order."""

    scope: Scope
    paths: tuple[Figures, ...]


@dataclass(frozen=True)
class Summary:
    """The whole test. `duration_ms` is the time spent requesting."""

    duration_ms: float
    everything: Scope
    targets: tuple[TargetSummary, ...]


def summarize(records: Sequence[Record], load: Load, duration_ms: float) -> Summary:
    """Return the figures of `records`."""
    settings = load.settings
    targets = []
    for t in range(len(load.targets)):
        own = [record for record in records if record.target == t]
        paths = [[record for record in own if record.path == p] for p in range(len(settings.paths))]
        targets.append(TargetSummary(_scope(own, settings), tuple(map(_figures, paths))))
    return Summary(duration_ms, _scope(records, settings), tuple(targets))


def _scope(records: Sequence[Record], settings: Settings) -> Scope:
    figures = _figures(records)
    told = [judge(figures, settings.thresholds[name]) for name, judge in JUDGES.items()]
    return Scope(figures, tuple(filter(None, told)))


def _success(figures: Figures, least: float) -> str:
    if figures.total > 0 and figures.success_pct >= least:
        return ""
    share = decimal(round(figures.success_pct, 4))
    return f"{figures.successful} of {figures.total} requests succeeded ({share}), at least {decimal(least)} must"


def _p95(figures: Figures, most: float) -> str:
    p95 = figures.latency["p95_ms"]
    if p95 is not None and p95 <= most:
        return ""
    measured = "no latency could be measured" if p95 is None else f"p95 is {p95:.0f} ms"
    return f"{measured}, at most {decimal(most)} ms is allowed"


LEAST_SUCCESS, SLOWEST_P95 = "min_success_pct", "max_p95_ms"
# Threshold → what is told where figures do not hold it. A figure that was not measured holds none.
JUDGES: dict[str, Callable[[Figures, float], str]] = {LEAST_SUCCESS: _success, SLOWEST_P95: _p95}


def _figures(records: Sequence[Record]) -> Figures:
    return Figures(
        total=len(records),
        successful=sum(record.ok for record in records),
        latency=_latency([record.latency_ms for record in records if record.latency_ms is not None]),
    )


def _latency(measured: Sequence[float]) -> dict[str, float | None]:
    if not measured:
        return dict.fromkeys(("min_ms", "avg_ms", "max_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms"))
    # quantiles needs two values; a single one is every percentile of itself.
    several = measured if len(measured) > 1 else [*measured, *measured]
    hundredths = statistics.quantiles(several, n=100, method="inclusive")
    found = {"min_ms": min(measured), "avg_ms": statistics.fmean(measured), "max_ms": max(measured)}
    found |= {f"p{p}_ms": hundredths[p - 1] for p in (50, 90, 95, 99)}
    return {name: round(value, 3) for name, value in found.items()}
