"""What a run and its preview take of the cluster, and what that costs: requests × time, as OpenCost charges them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lightkube.utils.quantity import parse_quantity

Object = dict[str, Any]
_HOUR = 3600
# Argo counts whole seconds of one processor, and of 100 MiB.
_ARGO_MEMORY_GIB = 100 / 1024
# A year of a large machine: what is more is no count.
_MOST_SECONDS = 10**10
_GIB = 2**30


@dataclass(frozen=True)
class Usage:
    """What was asked for, times how long it was held."""

    core_hours: float = 0.0
    gib_hours: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.core_hours + other.core_hours, self.gib_hours + other.gib_hours)

    def held(self, seconds: float) -> Usage:
        """Return what is used in so many seconds, where this is used in an hour."""
        return Usage(self.core_hours * seconds / _HOUR, self.gib_hours * seconds / _HOUR)


NOTHING = Usage()


@dataclass(frozen=True)
class Cost:
    """What a run has cost, its preview until then included, and what that costs an hour from then on; 0: it is gone."""

    amount: float
    preview_hourly: float
    currency: str

    def __str__(self) -> str:
        """Return it in words."""
        later = f", its preview {money(self.preview_hourly, self.currency)} an hour" if self.preview_hourly else ""
        return money(self.amount, self.currency) + later

    def written(self) -> str:
        """Return what `read` reads, as a step hands it on."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Prices:
    """What an hour of each costs; where both are 0 nobody has said it."""

    cpu_core_hour: float
    memory_gib_hour: float
    currency: str

    def of(self, run: Usage, preview: Usage) -> Cost | None:
        """Return what a run costs, and a preview that uses this in an hour; None without prices."""
        if not (self.cpu_core_hour or self.memory_gib_hour):
            return None
        return Cost(self._amount(run), self._amount(preview), self.currency)

    def _amount(self, usage: Usage) -> float:
        return round(usage.core_hours * self.cpu_core_hour + usage.gib_hours * self.memory_gib_hour, 6)


def read(text: str) -> Cost | None:
    """Return the costs that a step wrote; None for anything else."""
    try:
        found = Cost(**json.loads(text))
        whole = found.amount >= 0 and found.preview_hourly >= 0 and found.amount + found.preview_hourly < math.inf
        return found if whole and isinstance(found.currency, str) else None
    except (TypeError, ValueError, RecursionError):
        return None


def money(amount: float, currency: str) -> str:
    """Return an amount in words; small ones keep two digits that say something."""
    decimals = max(2, 1 - math.floor(math.log10(amount))) if amount > 0 else 2
    return f"{amount:.{decimals}f} {currency}"


def of_pods(nodes: Iterable[Object]) -> Usage:
    """Return the usage of a Workflow's pods that have ended, by Argo's own count of each (`resourcesDuration`).

    Nodes of other kinds repeat what their pods have.
    """
    found = NOTHING
    for node in nodes:
        if node.get("type") == "Pod":
            counted = node.get("resourcesDuration") or {}
            found += Usage(_hours(counted.get("cpu")), _hours(counted.get("memory")) * _ARGO_MEMORY_GIB)
    return found


def of_spec(spec: Object) -> Usage:
    """Return what a pod uses in an hour by its spec: its containers, and the sidecars beside them."""
    beside = [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    return sum((of_resources(one.get("resources") or {}) for one in [*spec["containers"], *beside]), NOTHING)


def of_resources(resources: Mapping[str, Any]) -> Usage:
    """Return what a container uses in an hour: what it asks for, its limits where it does not say."""
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return Usage(_quantity(asked.get("cpu")), _quantity(asked.get("memory")) / _GIB)


def _quantity(found: object) -> float:
    try:
        return float(parse_quantity(str(found)) or 0)
    except ValueError:
        return 0.0


def _hours(seconds: object) -> float:
    return seconds / _HOUR if type(seconds) is int and 0 <= seconds < _MOST_SECONDS else 0.0
