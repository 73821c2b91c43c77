"""Argo's part, played on an API server where nothing else acts: it brings Workflows to their end."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from lightkube import ApiError, Client
from lightkube.types import PatchType

from implementation_dag.base import kube, moments
from implementation_dag.contract import rows, stages
from implementation_dag.cost import Cost
from implementation_dag.pull_requests import objects
from tests.api.previews import NAMESPACE

Object = dict[str, Any]
REASON = "3 of 7 tests failed: `@all` <b>look</b>"
FAILS = stages.QA_TESTING.task
# Every stage takes it.
STAGE = timedelta(seconds=2)
# Of ten requests nine are good, and p50, p95 and p99 in microseconds.
FIGURES = rows.written([(10, 9, 4000, 7000, 9000), ("shop.example.com", "9 of 10")])
COST = Cost(0.5, 0.25, "EUR")


@dataclass
class Argo:
    """Brings Workflows to their end, and keeps account of what lived at once."""

    client: Client
    # Runs of the pipeline do not end.
    hold: bool = False
    # They end badly, at this task of theirs or of the exit handler.
    fails: bool = False
    at: str = FAILS
    cost: Cost = COST
    most: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Object] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Go on until told to stop."""
        while not self._end.wait(0.1):
            with contextlib.suppress(ApiError, httpx2.HTTPError):
                self.step()

    def stop(self) -> None:
        """Let it come to its end."""
        self._end.set()

    def step(self) -> None:
        """Bring each Workflow a step on."""
        live: dict[str, int] = {}
        for item in map(kube.as_dict, self.client.list(kube.Workflow, namespace=NAMESPACE)):
            name, status = item["metadata"]["name"], item.get("status") or {}
            self.seen[name] = item
            self.first.setdefault(name, time.time())
            if status.get("phase") in objects.OVER:
                continue
            of = objects.pull_request(item)
            live[of] = live.get(of, 0) + 1
            self.most[of] = max(self.most.get(of, 0), live[of])
            if following := self._following(item, status):
                self._write(name, following)

    def _following(self, item: Object, status: Object) -> Object | None:
        name, ends = item["metadata"]["name"], item["spec"].get("entrypoint") == objects.END
        if not status:
            return {"phase": "Running", "startedAt": now(), "nodes": {} if ends else nodes(name, "Running")}
        if item["spec"].get("shutdown"):
            return {"phase": "Failed", "finishedAt": now(), "message": "Stopped with strategy 'Stop'"}
        if ends:
            return {"phase": "Succeeded", "finishedAt": now()}
        if self.hold:
            return None
        phase = "Failed" if self.fails else "Succeeded"
        return {"phase": phase, "finishedAt": now(), "nodes": nodes(name, phase, self.at, self.cost)}

    def _write(self, name: str, status: Object) -> None:
        self.client.patch(kube.Workflow, name, {"status": status}, namespace=NAMESPACE, patch_type=PatchType.MERGE)


def url(workflow: str) -> str:
    """Return the address that the deploy of a Workflow puts out."""
    return f"https://{workflow}.preview.example.com"


def nodes(workflow: str, phase: str, at: str = FAILS, cost: Cost = COST) -> Object:
    """Return the nodes of a run: all good, the first one running, or one that failed and no stage after it."""
    found: Object = {}
    ended = {"startedAt": moments.stamp(moments.now() - STAGE), "finishedAt": now()}
    for stage in stages.STAGES:
        node: Object = {"name": f"{workflow}.{stage.task}", "displayName": stage.task, "type": "Pod"}
        if phase == "Running":
            found[stage.task] = node | {"phase": "Running", "startedAt": now()}
            return found
        if phase == "Failed" and stage.task == at:
            found[stage.task] = node | ended | {"phase": "Failed", "message": REASON}
            break
        found[stage.task] = node | ended | {"phase": "Succeeded"}
        if given := _outputs(stage, workflow):
            found[stage.task]["outputs"] = {"parameters": [given]}
    for task in stages.EXIT_TASKS:
        exit_phase = "Failed" if phase == "Failed" and task == at else "Succeeded"
        node = {"name": f"{workflow}.onExit[0].{task}", "phase": exit_phase, "type": "Pod"}
        found[f"exit-{task}"] = ended | node
        if task == "evidence":
            found[f"exit-{task}"]["outputs"] = {"parameters": [{"name": "cost", "value": cost.written()}]}
    return found


def _outputs(stage: stages.Stage, workflow: str) -> Object:
    """Return what a stage puts out, if anything."""
    if stage == stages.DEPLOY:
        return {"name": "urls", "value": json.dumps([url(workflow)])}
    return {"name": "figures", "value": FIGURES} if stage == stages.ACCEPTANCE else {}


def now() -> str:
    """Return the time as the API server writes it."""
    return moments.stamp(moments.now())
