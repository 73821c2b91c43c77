"""What a process of ours tells Prometheus: one registry, served on a port of its own, which whoever scrapes may reach.

Each house declares its metrics beside what they count. No label is a pull request, commit, run or namespace: what grows
with the work is counted, not listed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from http.server import ThreadingHTTPServer

import prometheus_client
from prometheus_client import CollectorRegistry, MetricsHandler, ProcessCollector

# The moment at which each series began would double them.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PORT = "METRICS_PORT"
PREFIX = "implementation_dag_"
# Whoever opens a connection and says nothing holds a thread no longer.
CONNECTION_SECONDS = 10
OTHER = "other"
# From a stage that only looks to a run with all of its stages at their limits, and a day.
SECONDS = (1, 2, 5, 10, 20, 40, 60, 90, 120, 180, 300, 600, 1200, 2400, 3600, 7200, 86400)
# Of single requests.
SHORT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def counter(name: str, words: str, *labels: str) -> prometheus_client.Counter:
    """Return a counter; Prometheus adds `_total` to its name."""
    return prometheus_client.Counter(PREFIX + name, words, labels, registry=REGISTRY)


def gauge(name: str, words: str, *labels: str) -> prometheus_client.Gauge:
    """Return a gauge."""
    return prometheus_client.Gauge(PREFIX + name, words, labels, registry=REGISTRY)


def histogram(name: str, words: str, *labels: str, buckets: Iterable[float] = SECONDS) -> prometheus_client.Histogram:
    """Return a histogram."""
    return prometheus_client.Histogram(PREFIX + name, words, labels, buckets=tuple(buckets), registry=REGISTRY)


def begin(counted: prometheus_client.Counter | prometheus_client.Histogram, *labels: Iterable[str]) -> None:
    """Let the series of these labels begin at 0: what begins at 1 has not increased, for Prometheus."""
    for each in labels:
        counted.labels(*each)


class Bounded:
    """Values of a label: those that are known beforehand, others as long as there is room, then `other`."""

    def __init__(self, known: Iterable[str], most: int) -> None:
        self._most = most
        self._known = set(list(known)[:most])
        self._lock = threading.Lock()

    def of(self, value: str) -> str:
        """Return the label's value."""
        with self._lock:
            if value not in self._known and len(self._known) >= self._most:
                return OTHER
            self._known.add(value)
            return value


def scraped() -> bytes:
    """Return what a scrape gets, as text."""
    return prometheus_client.generate_latest(REGISTRY)


class _Handler(MetricsHandler):
    registry = REGISTRY
    timeout = CONNECTION_SECONDS


def serve(env: Mapping[str, str] = os.environ) -> None:
    """Serve them on METRICS_PORT, in threads that end with the process; where there is none nobody scrapes."""
    if port := env.get(PORT):
        server = ThreadingHTTPServer(("", int(port)), _Handler)
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
