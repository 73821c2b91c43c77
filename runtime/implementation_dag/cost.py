"""What a run took of the cluster, and what that costs: requests × time, as OpenCost counts what was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
_HOUR = 3600
# Argo counts whole seconds of one processor, and of 100 MiB.
_ARGO_MEMORY_GIB = 100 / 1024
# A year of a large machine: what is more is no count.
_MOST_SECONDS = 10**10


@dataclass(frozen=True)
class Usage:
    """What was asked for, times how long it was held."""

    core_hours: float = 0.0
    gib_hours: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.core_hours + other.core_hours, self.gib_hours + other.gib_hours)


@dataclass(frozen=True)
class Prices:
    """What an hour of each costs; where both are 0 nobody has said it."""

    cpu_core_hour: float
    memory_gib_hour: float
    currency: str

    def of(self, usage: Usage) -> float | None:
        """Return what this usage costs; None without prices."""
        if not (self.cpu_core_hour or self.memory_gib_hour):
            return None
        return usage.core_hours * self.cpu_core_hour + usage.gib_hours * self.memory_gib_hour


def of_pods(nodes: Iterable[Object]) -> Usage:
    """Return the usage of a Workflow's pods that have ended, by Argo's own count of each (`resourcesDuration`).

    Nodes of other kinds repeat what their pods have.
    """
    found = Usage()
    for node in nodes:
        if node.get("type") == "Pod":
            counted = node.get("resourcesDuration") or {}
            found += Usage(_hours(counted.get("cpu")), _hours(counted.get("memory")) * _ARGO_MEMORY_GIB)
    return found


def _hours(seconds: object) -> float:
    return seconds / _HOUR if type(seconds) is int and 0 <= seconds < _MOST_SECONDS else 0.0
