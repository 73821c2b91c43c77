"""The OpenTelemetry collector's own reader understands the traces of runs, and finds no orphan in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from implementation_dag.base import wait
from implementation_dag.pull_requests import traces
from tests import otlp
from tests.unit.pull_requests.played import Played

RUNS = 10


def test_each_run_is_one_trace_without_an_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bytes] = []

    def sent(_: traces.Traces, trace: dict[str, Any]) -> str:
        told.append(json.dumps(trace).encode())
        return ""

    monkeypatch.setattr(traces.Traces, "_sent", sent)
    played = Played(monkeypatch, repositories=3, traces="http://collector.example.com")
    for number in range(1, RUNS + 1):
        played.run(number)
    assert wait.until(lambda: len(told) == RUNS, 30, 0.05)
    ids = set()
    for body in told:
        trace = otlp.read(body)
        assert trace.spans > 10
        assert (trace.roots, trace.orphans) == (["RUN implementation-dag"], [])
        ids |= trace.ids
    assert len(ids) == RUNS


def test_what_is_no_trace_is_refused() -> None:
    assert otlp.reading(b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "no id"}]}]}]}').returncode == 1
