"""What people see of a dashboard: rows of panels, each of which asks Prometheus and says in words what it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

# What whoever looks has chosen.
RELEASE, REPOSITORY, RANGE, RATE = "$job", "$repository", "$__range", "$__rate_interval"


@dataclass(frozen=True)
class Query:
    """A question in PromQL, and what names its series."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One panel: of the steps, values from that on have that colour."""

    kind: str
    title: str
    words: str
    unit: str
    queries: tuple[Query, ...]
    width: int
    height: int
    steps: tuple[tuple[float | None, str], ...] = ((None, "green"),)
    stacked: bool = False
    # Alerts whose pages it leads to.
    runbooks: tuple[str, ...] = ()
    # Where a click on a value leads.
    leads: str = ""


@dataclass(frozen=True)
class Row:
    """Panels below one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    name: str
    title: str
    words: str
    rows: tuple[Row, ...]
    since: str = "now-24h"
    by_repository: bool = field(default=False, kw_only=True)


def ours(name: str, *labels: str, **equal: str) -> str:
    """A metric of our processes."""
    return of(f"implementation_dag_{name}", *labels, **equal)


def recorded(name: str, *labels: str, **equal: str) -> str:
    """What a rule of the chart records."""
    return of(f"implementation_dag:{name}", *labels, **equal)


def of(name: str, *labels: str, **equal: str) -> str:
    """A series of the chosen release, with these `labels`, or those that are `equal` to a value."""
    chosen = {"job": RELEASE, **equal}
    return f"{name}{{{','.join([*(f'{key}={json.dumps(value)}' for key, value in chosen.items()), *labels])}}}"


def quantile(share: float, bucket: str, *by: str) -> str:
    """What that share of an hour's observations did not exceed: runs are too few for less."""
    return f"histogram_quantile({share}, sum by ({', '.join(('le', *by))}) (rate({bucket}[1h])))"


def share(part: str, whole: str) -> str:
    """A share; nothing where there is nothing to have one of."""
    return f"{part} / ({whole} > 0)"


def above(warning: float, critical: float) -> tuple[tuple[float | None, str], ...]:
    """Less is better."""
    return ((None, "green"), (warning, "orange"), (critical, "red"))


def below(critical: float, warning: float) -> tuple[tuple[float | None, str], ...]:
    """More is better."""
    return ((None, "red"), (critical, "orange"), (warning, "green"))


def stat(title: str, words: str, unit: str, *queries: Query, width: int = 4, **more: object) -> Panel:
    """One figure."""
    return Panel("stat", title, words, unit, queries, width, 4, **more)  # type: ignore[arg-type]


def graph(title: str, words: str, unit: str, *queries: Query, width: int = 8, **more: object) -> Panel:
    """Lines over time."""
    return Panel("timeseries", title, words, unit, queries, width, 8, **more)  # type: ignore[arg-type]


def bars(title: str, words: str, unit: str, *queries: Query, width: int = 8, **more: object) -> Panel:
    """A bar each of what is now, or was in the chosen time."""
    return Panel("bargauge", title, words, unit, queries, width, 8, **more)  # type: ignore[arg-type]


def table(title: str, words: str, unit: str, *queries: Query, width: int = 12, **more: object) -> Panel:
    """A line for each series."""
    return Panel("table", title, words, unit, queries, width, 8, **more)  # type: ignore[arg-type]
