"""Many runs of many pull requests through the controller's code, on an API server in memory; what must be counted."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from lightkube import Client
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from implementation_dag.base import kube, metrics, moments
from implementation_dag.contract import rows, stages
from implementation_dag.cost import Cost
from implementation_dag.pull_requests import objects
from implementation_dag.pull_requests.look import Looker
from implementation_dag.pull_requests.model import Settings
from implementation_dag.pull_requests.repositories import Repositories
from implementation_dag.pull_requests.settings import Told
from tests.unit.pull_requests.crowd import NAMESPACE, QUEUE, RELEASE, START, Api

Object = dict[str, Any]
PHASES = {"Succeeded": "success", "Failed": "failure", "Error": "error", "Omitted": "skip"}
STAGE_SECONDS = 30
FIGURES = rows.written([(10, 9, 4000, 7000, 9000), ("shop.example.com", "9 of 10")])


def series() -> list[Sample]:
    """What a scrape gets."""
    text = metrics.scraped().decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def emptied() -> None:
    """Forget what other tests of this process counted."""
    for collector in list(metrics.REGISTRY._collector_to_names):
        if hasattr(collector, "clear"):
            collector.clear()


@dataclass
class Played:
    """Runs that are pushed, end by chance, and are looked at again and again."""

    monkeypatch: pytest.MonkeyPatch
    repositories: int
    # A collector that is told of each run.
    traces: str = ""
    priced: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(16))  # noqa: S311
    now: datetime = START
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    stages: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.monkeypatch.setattr(moments, "now", lambda: self.now)
        self.api = Api()
        self.api.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": QUEUE}})
        self.begin()

    def begin(self) -> None:
        """The controller begins anew: it knows nothing, and hears of all."""
        told = Told(NAMESPACE, RELEASE, Repositories(()), Settings(ttl_hours=3), priced=self.priced, traces=self.traces)
        self.looker = Looker(cast(Client, self.api), told, None)
        self.looker.show()
        self.look()

    def look(self) -> None:
        for kind, hear in (("Preview", self.looker.preview_changed), ("Workflow", self.looker.workflow_changed)):
            for (of, name), item in list(self.api.objects.items()):
                if of == kind:
                    hear(name, copy.deepcopy(item))
        for of, name in list(self.api.objects):
            if of == "Preview":
                self.looker.look(name)

    def run(self, number: int) -> None:
        """A pull request of its own is pushed, runs, ends."""
        repo = f"repo-{number % self.repositories}"
        item = objects.new("acme", repo, number, NAMESPACE)
        item["spec"]["head"] = f"{number:040x}"
        name = item["metadata"]["name"]
        self.api.put(item)
        self._looks(name)
        (workflow,) = [each for each in self._workflows() if objects.pull_request(each) == name]
        result = self.chance.choice(["Succeeded", "Succeeded", "Failed", "Stopped"])
        status = self._status(workflow["metadata"]["name"], result)
        self.now += timedelta(minutes=7)
        if result == "Stopped":
            self.api.merge(objects.Resource, name, {"spec": {"stop": item["spec"]["head"]}})
            self._looks(name)
        uid = {"uid": str(UUID(int=number))}
        self.api.merge(kube.Workflow, workflow["metadata"]["name"], {"metadata": uid, "status": status})
        self._looks(name)
        word = {"Succeeded": "success", "Failed": "failure", "Stopped": "cancellation"}[result]
        self.runs[f"acme/{repo}", word] += 1
        self._expect(status["nodes"], f"acme/{repo}", word)

    def _looks(self, name: str) -> None:
        """It is heard of several times."""
        for _ in range(self.chance.randrange(1, 4)):
            self.looker.preview_changed(name, copy.deepcopy(self.api.objects["Preview", name]))
            for each in self._workflows():
                if objects.pull_request(each) == name:
                    self.looker.workflow_changed(each["metadata"]["name"], copy.deepcopy(each))
            self.looker.look(name)

    def _workflows(self) -> Iterator[Object]:
        yield from [item for (kind, _), item in self.api.objects.items() if kind == "Workflow"]

    def _status(self, name: str, result: str) -> Object:
        def node(path: str, phase: str) -> Object:
            ended = moments.stamp(self.now + timedelta(seconds=STAGE_SECONDS))
            return {"name": path, "phase": phase, "startedAt": moments.stamp(self.now), "finishedAt": ended}

        tasks = [stage.task for stage in stages.STAGES]
        broken = self.chance.choice(tasks) if result != "Succeeded" else ""
        phases = dict[str, str]()
        for task in tasks:
            after = "Omitted" if "Failed" in phases.values() else "Succeeded"
            phases[f"{name}.{task}"] = "Failed" if task == broken else after
        phases |= {f"{name}.onExit[{n}].{task}": "Succeeded" for n, task in enumerate(stages.EXIT_TASKS)}
        # Tries and inner nodes are no stages.
        phases |= {f"{name}.deploy(0)": "Failed", f"{name}.onExit": "Succeeded", f"{name}.onExit[0]": "Succeeded"}
        nodes = {path: node(path, phase) for path, phase in phases.items()}
        if nodes[f"{name}.acceptance"]["phase"] == "Succeeded":
            nodes[f"{name}.acceptance"]["outputs"] = {"parameters": [{"name": "figures", "value": FIGURES}]}
        good = result == "Succeeded"
        if self.priced:
            told = Cost(0.5, 0.25 if good else 0.0, "EUR").written()
            nodes[f"{name}.onExit[0].evidence"]["outputs"] = {"parameters": [{"name": "cost", "value": told}]}
        ended = moments.stamp(self.now + timedelta(minutes=6))
        phase = {"phase": "Succeeded" if good else "Failed", "startedAt": moments.stamp(self.now), "finishedAt": ended}
        return phase | {"nodes": nodes}

    def _expect(self, nodes: Object, repository: str, of_run: str) -> None:
        for path, node in nodes.items():
            task = path.rpartition(".")[2]
            if task in {*(stage.task for stage in stages.STAGES), *stages.EXIT_TASKS}:
                word = PHASES[node["phase"]]
                word = "cancellation" if of_run == "cancellation" and word == "failure" else word
                self.stages[task, word, repository] += 1
