"""Each run is told as one whole trace, whoever tells it, and no run waits for a collector."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from implementation_dag.base import wait, workflow_status
from implementation_dag.contract import stages
from implementation_dag.pull_requests.traces import TRIES, request
from tests.answering import Request, serving
from tests.unit.pull_requests.played import STAGE_SECONDS, Played

Object = dict[str, Any]
Spans = dict[str, Object]


class Collector:
    """Takes traces, or refuses some first."""

    def __init__(self) -> None:
        self.told: list[Object] = []
        self.refuses = 0
        self.url = ""

    def __call__(self, request: Request) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.refuses -= 1
        if self.refuses < 0 and request.path == "/v1/traces":
            self.told.append(body)
        request.send_response(503 if self.refuses >= 0 else 200)
        request.end_headers()

    def spans(self) -> list[Spans]:
        """The spans of each trace, by id."""
        found = [each["resourceSpans"][0]["scopeSpans"][0]["spans"] for each in self.told]
        return [{span["spanId"]: span for span in spans} for spans in found]


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    with serving(found) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, collector: Collector) -> Played:
    return Played(monkeypatch, repositories=3, traces=collector.url)


def told(collector: Collector, count: int) -> list[Spans]:
    assert wait.until(lambda: len(collector.told) >= count, 30, 0.05), collector.told
    return collector.spans()


def attributes(span: Object) -> dict[str, str]:
    return {each["key"]: each["value"]["stringValue"] for each in span["attributes"]}


def test_each_run_is_one_whole_trace_once_however_often_the_controller_begins_anew(
    played: Played, collector: Collector
) -> None:
    chance = random.Random(5)  # noqa: S311
    for number in range(1, 21):
        played.run(number)
        if chance.random() < 0.3:
            played.begin()
    traces = told(collector, 20)
    assert len(traces) == 20
    ids = set()
    for spans in traces:
        (trace,) = {span["traceId"] for span in spans.values()}
        ids.add(trace)
        (root,) = [span for span in spans.values() if "parentSpanId" not in span]
        assert root["name"].startswith("RUN ")
        assert {span["parentSpanId"] for span in spans.values() if span is not root} <= spans.keys()
        assert attributes(root)["cicd.pipeline.result"] in ("success", "failure", "cancellation")
        stage = next(span for span in spans.values() if span["name"].endswith("set-params"))
        assert int(stage["endTimeUnixNano"]) - int(stage["startTimeUnixNano"]) == STAGE_SECONDS * 10**9
    assert len(ids) == 20


def test_a_try_is_part_of_its_stage_and_a_stage_of_the_run(played: Played, collector: Collector) -> None:
    played.run(1)
    (spans,) = told(collector, 1)
    by_name = {span["name"].partition(".")[2]: span for span in spans.values()}
    assert by_name["deploy(0)"]["parentSpanId"] == by_name["deploy"]["spanId"]
    assert "parentSpanId" not in spans[by_name["deploy"]["parentSpanId"]]
    assert by_name["onExit[0].evidence"]["parentSpanId"] == by_name["onExit[0]"]["spanId"]
    assert {stage.task for stage in stages.STAGES} <= by_name.keys()


def test_who_tells_makes_no_difference(played: Played) -> None:
    played.run(1)
    workflow = next(item for (kind, _), item in played.api.objects.items() if kind == "Workflow" and "status" in item)
    preview = played.looker._known.readable()[0]
    run = preview.status.run
    assert run
    made = [request(run, preview, workflow, "success", "implementation-dag") for _ in range(2)]
    assert made[0] == made[1]
    assert len(made[0]["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 1 + len(workflow_status.nodes(workflow))


def test_a_collector_that_refuses_is_asked_again_and_no_run_waits(
    played: Played, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait.CLOCK, "sleep", lambda seconds: None)
    collector.refuses = 2
    played.run(1)
    played.run(2)
    assert len(told(collector, 2)) == 2


def test_a_trace_that_nobody_takes_is_lost_and_logged(
    played: Played, collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wait.CLOCK, "sleep", lambda seconds: None)
    collector.refuses = TRIES
    played.run(1)
    played.run(2)
    assert len(told(collector, 1)) == 1
    assert "a trace is lost" in caplog.text
