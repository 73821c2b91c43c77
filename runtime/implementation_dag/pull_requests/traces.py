"""What a run did, as one OpenTelemetry trace, told when it has ended, by whoever writes that it has.

All of it is read from the run's Workflow, and every id follows from that one's uid: whichever process tells, and
whatever died meanwhile, it is the same whole trace.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from implementation_dag.base import log, wait, workflow_status
from implementation_dag.base.log import clean

from .measures import moment
from .model import Preview, Run

LOG = logging.getLogger("trace")
Object = dict[str, Any]
SERVICE = "implementation-dag"
# As OTLP numbers them: what has no code of its own was left out, or stopped.
GOOD, BAD = 1, 2
_CODES = {"Succeeded": GOOD, "Failed": BAD, "Error": BAD}
_INTERNAL = 1
_ENDS = ".(["
TIMEOUT_SECONDS, TRIES, PAUSE_SECONDS, MOST_WAITING = 10, 5, 2, 1000


def request(run: Run, preview: Preview, workflow: Object, result: str, pipeline: str) -> Object:
    """Return what a collector is told of a run, in OTLP's JSON; no node that has not begun is in it."""
    metadata = workflow["metadata"]
    uid, name = str(metadata["uid"]), str(metadata["name"])
    # By OpenTelemetry's conventions for CI/CD and version control.
    whole = {
        "cicd.pipeline.name": pipeline,
        "cicd.pipeline.run.id": name,
        "cicd.pipeline.result": result,
        "vcs.owner.name": preview.spec.owner,
        "vcs.repository.name": preview.spec.repo,
        "vcs.change.id": str(preview.spec.number),
        "vcs.ref.head.revision": run.commit,
    }
    code = GOOD if result == "success" else BAD
    root = _span(uid, name, "", f"RUN {pipeline}", (run.started or run.claimed, run.ended), whole, code)
    spans = [root, *_of_nodes(uid, name, workflow_status.nodes(workflow))]
    resource = {"attributes": _attributes({"service.name": SERVICE, "service.namespace": str(metadata["namespace"])})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": SERVICE}, "spans": spans}]}]}


def _of_nodes(uid: str, run: str, nodes: list[Object]) -> Iterator[Object]:
    begun = {str(node["name"]): node for node in nodes if node.get("startedAt") and node.get("finishedAt")}
    begun.pop(run, None)
    for name, node in begun.items():
        shown, phase = str(node.get("displayName") or name), str(node.get("phase"))
        told = {"cicd.pipeline.task.name": shown, "cicd.pipeline.task.run.result": phase.lower()}
        if words := node.get("message"):
            told["error.message"] = workflow_status.bounded(words)
        times = str(node["startedAt"]), str(node["finishedAt"])
        yield _span(uid, name, _above(name, {run, *begun} - {name}), shown, times, told, _CODES.get(phase, 0))


def _above(name: str, names: set[str]) -> str:
    """The node that a node is part of: Argo's names begin with the names of what they are in."""
    return max((each for each in names if name.startswith(each) and name[len(each)] in _ENDS), key=len)


def _span(
    uid: str, name: str, above: str, shown: str, times: tuple[str, str], told: Mapping[str, str], code: int
) -> Object:
    begun, ended = (_nanoseconds(each) for each in times)
    found = {
        "traceId": log.trace(uid),
        "spanId": _id(uid, name),
        "name": clean(shown),
        "kind": _INTERNAL,
        "startTimeUnixNano": str(begun),
        "endTimeUnixNano": str(max(begun, ended)),
        "attributes": _attributes(told),
        "status": {"code": code},
    }
    return found | ({"parentSpanId": _id(uid, above)} if above else {})


def _id(uid: str, name: str) -> str:
    return hashlib.sha256(f"{uid} {name}".encode()).hexdigest()[:16]


def _nanoseconds(text: str) -> int:
    found = moment(text)
    return int(found.timestamp()) * 10**9 if found else 0


def _attributes(told: Mapping[str, str]) -> list[Object]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in told.items() if value]


class Traces:
    """Tells a collector, one trace after the other; what it does not take within a few tries is lost, and logged."""

    def __init__(self, endpoint: str, pipeline: str) -> None:
        self._url, self._pipeline = f"{endpoint.rstrip('/')}/v1/traces", pipeline
        self._waiting: queue.Queue[Object] = queue.Queue(MOST_WAITING)
        threading.Thread(target=self._run, name="traces", daemon=True).start()

    def ended(self, run: Run, preview: Preview, workflow: Object, result: str) -> None:
        """Have it told of a run that has ended; runs wait for no collector."""
        try:
            self._waiting.put_nowait(request(run, preview, workflow, result, self._pipeline))
        except queue.Full:
            LOG.warning("a trace is lost: %d others wait for %s", MOST_WAITING, self._url)

    def _run(self) -> None:
        while True:
            trace = self._waiting.get()
            for _ in range(TRIES):
                if not (fault := self._sent(trace)):
                    break
                wait.CLOCK.sleep(PAUSE_SECONDS)
            else:
                LOG.warning("a trace is lost: %s: %s", self._url, clean(fault))

    def _sent(self, trace: Object) -> str:
        """Why the collector did not take it; empty when it did."""
        try:
            answer = httpx2.post(self._url, json=trace, timeout=TIMEOUT_SECONDS)
        except httpx2.HTTPError as error:
            return str(error) or type(error).__name__
        return "" if answer.is_success else f"HTTP {answer.status_code}"
