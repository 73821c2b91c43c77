"""The OpenTelemetry collector's own reader understands the traces of runs, and finds no orphan in them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from idag.toolchain import tool
from implementation_dag.base import wait
from implementation_dag.pull_requests import traces
from tests.unit.pull_requests.played import Played

RUNS = 10


def read(body: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([tool("otlp-reader")], input=body, capture_output=True, check=False)


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
        done = read(body)
        assert done.returncode == 0, done.stderr
        spans = [line.split("\t") for line in done.stdout.decode().splitlines()]
        assert len(spans) > 10
        ids |= {trace for trace, *_ in spans}
        known = {span for _, span, *_ in spans}
        orphans = [name for _, _, parent, _, name in spans if parent and parent not in known]
        assert orphans == []
        (root,) = [name for _, _, parent, _, name in spans if not parent]
        assert root == "RUN implementation-dag"
    assert len(ids) == RUNS


def test_what_is_no_trace_is_refused() -> None:
    assert read(b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "no id"}]}]}]}').returncode == 1
