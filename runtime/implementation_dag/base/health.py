"""How long ago each sweep last looked at all its objects: the answer of the health endpoint, and two metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Protocol

import kopf
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from . import metrics
from .sweep import Stalled

SINCE = "secondsSinceLastCompleteLook"
AGE = "Time since the last look at all objects of a kind ended; Inf: it has stalled."
FAULTS = "Looks at objects of a kind that went wrong: the API server, or a fault of ours."


class Looking(Protocol):
    """Something that looks again and again: a sweep, or the reaper."""

    kind: str

    async def forever(self) -> None:
        """Look until it is cancelled."""

    def health(self) -> dict[str, float]:
        """Say how long ago the last look ended, and how many went wrong. Raises Stalled."""


class _Looks(Collector):
    """The same of all that look in this process, at each scrape."""

    def __init__(self) -> None:
        self.looking: dict[str, Looking] = {}

    def collect(self) -> Iterator[Metric]:
        """Say of a look that stalled that it never ended; how many went wrong it does not tell then."""
        age = GaugeMetricFamily(f"{metrics.PREFIX}last_look_age_seconds", AGE, labels=["kind"])
        faults = CounterMetricFamily(f"{metrics.PREFIX}look_faults", FAULTS, labels=["kind"])
        for kind, looking in list(self.looking.items()):
            try:
                found = looking.health()
            except Stalled:
                age.add_metric([kind], math.inf)
                continue
            age.add_metric([kind], found[SINCE])
            faults.add_metric([kind], found["faults"])
        yield age
        yield faults


LOOKS = _Looks()
metrics.REGISTRY.register(LOOKS)


def tell(sweep: Looking, registry: kopf.OperatorRegistry | None = None) -> None:
    """Let endpoint and metrics answer with what the sweep says; the endpoint with 500 when it looks no more."""
    LOOKS.looking[sweep.kind] = sweep

    @kopf.on.probe(id=sweep.kind, registry=registry)
    async def health(**_: Any) -> dict[str, float]:
        try:
            return sweep.health()
        except Stalled as error:
            # Any other error kopf would try again before it answers.
            raise kopf.PermanentError(str(error)) from error
