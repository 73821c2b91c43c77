"""k6's own end-of-test figures, as handleSummary of acceptance.js writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from implementation_dag.acceptance.errors import AcceptanceError


@dataclass(frozen=True)
class Figures:
    """Requests made and successful, and latency in milliseconds (None when nothing was measured)."""

    total: int
    successful: int
    latency: dict[str, float | None]

    @property
    def success_share(self) -> float:
        """Share of successful requests, 0 when none was made."""
        return self.successful / self.total if self.total else 0.0


@dataclass(frozen=True)
class Scope:
    """Figures of all requests or of one target, and whether k6 found each limit held."""

    figures: Figures
    success_held: bool
    latency_held: bool


@dataclass(frozen=True)
class TargetSummary:
    """One target's figures, in all and for each path in the configured order."""

    scope: Scope
    paths: tuple[Figures, ...]


@dataclass(frozen=True)
class Summary:
    """The whole test. `duration_ms` is the time k6 spent requesting."""

    duration_ms: float
    everything: Scope
    targets: tuple[TargetSummary, ...]


def read_summary(path: Path) -> Summary:
    """Read the summary. Raises AcceptanceError when it is not of the shape acceptance.js writes."""
    try:
        return parse_summary(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AcceptanceError(
            f"k6 wrote no usable summary ({error!r}): K6_SCRIPT or k6 is of another version"
        ) from None


def parse_summary(document: dict[str, Any]) -> Summary:
    """Turn parsed JSON into a Summary. Another shape raises KeyError, TypeError or AttributeError."""
    return Summary(
        duration_ms=float(document["durationMs"]),
        everything=_scope(document["all"]),
        targets=tuple(
            TargetSummary(_scope(target), tuple(_figures(path) for path in target["paths"]))
            for target in document["targets"]
        ),
    )


def _scope(part: dict[str, Any]) -> Scope:
    return Scope(_figures(part), part["held"]["success"] is True, part["held"]["latency"] is True)


_STATISTICS = {
    "min_ms": "min", "avg_ms": "avg", "max_ms": "max",
    "p50_ms": "p(50)", "p90_ms": "p(90)", "p95_ms": "p(95)", "p99_ms": "p(99)",
}  # fmt: skip


def _figures(part: dict[str, Any]) -> Figures:
    success, latency = part["success"], part["latency"]
    passes, fails = int(success["passes"]), int(success["fails"])
    return Figures(
        total=passes + fails,
        successful=passes,
        latency={
            ours: round(float(latency[theirs]), 3) if latency.get("count") else None
            for ours, theirs in _STATISTICS.items()
        },
    )
