"""What each test adds to out/forge/summary.json, noted as properties of its case in JUnit's report."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from implementation_dag.base import kube
from implementation_dag.pull_requests import objects
from tests.api.allowed import ALL
from tests.api.previews import NAMESPACE

from .argo import Argo
from .place import Place

# What differs between two runs, one after the other, of which somebody wanted both.
_SAME = ("kind", "commit", "retest")
# Actions that tell of a new head.
_HEADS = ("opened", "synchronized")
Noted = list[tuple[str, object]]


def note(node: pytest.Item, place: Place, argo: Argo) -> None:
    """Note what a test did: counts are added up over all tests, of `most_…` the largest is taken."""
    runs = {name: item for name, item in argo.seen.items() if _of(item) == place.repo}
    calls = [exchange.call for exchange in place.wire.seen]
    lived = {objects.pull_request(item) for item in runs.values()} & argo.most.keys()
    noted: Noted = [
        ("deliveries_sent", len(place.hooks.seen)),
        ("workflows_started", len(runs)),
        ("most_live_runs_of_one_pull_request", max((argo.most[name] for name in lived), default=0)),
        ("lost", len(_lost(place))),
        ("doubled", len(_doubled(place))),
        ("disallowed_calls", sum(call not in ALL for call in calls)),
        ("forge_calls", len(calls)),
        ("reviews", sum(call[0] == "POST" and call[1].endswith("/reviews") for call in calls)),
        ("comments", sum(call[0] == "POST" and call[1].endswith("/comments") for call in calls)),
        *(("webhook_to_workflow_s", seconds) for seconds in _latencies(place, argo)),
    ]
    node.user_properties.extend(noted)


def _lost(place: Place) -> list[int]:
    """Return the pull requests left open whose newest head that was delivered neither ran nor was refused."""
    heads: dict[int, str] = {}
    for _, action, number, head in _deliveries(place):
        if action in (*_HEADS, "reopened"):
            heads[number] = head
        elif action == "closed":
            heads.pop(number, None)
    found = {number: place.status(number) for number in heads}
    return [
        number
        for number, status in found.items()
        if status.get("phase") not in ("Refused", "Ended") and status.get("run", {}).get("commit") != heads[number]
    ]


def _doubled(place: Place) -> list[str]:
    """Return the runs of the place's pull requests that nobody asked for."""
    found = map(kube.as_dict, place.client.list(objects.Resource, namespace=NAMESPACE))
    return [run for item in found if item["spec"]["repo"] == place.repo for run in doubled(item.get("status") or {})]


def doubled(status: dict[str, Any]) -> list[str]:
    """Return the runs of a commit that had just run, for which nobody asked."""
    runs = [run for run in (status.get("run"), *(status.get("history") or ())) if run]
    return [run["name"] for run, before in pairwise(runs) if all(run.get(k) == before.get(k) for k in _SAME)]


def _of(item: dict[str, Any]) -> str:
    given = {one["name"]: one["value"] for one in item["spec"]["arguments"]["parameters"]}
    return str(given.get("repo"))


def _latencies(place: Place, argo: Argo) -> list[float]:
    """Seconds from each delivery of a new head to its Workflow, which is looked for ten times a second."""
    started: dict[str, float] = {}
    for name, item in argo.seen.items():
        given = {one["name"]: one["value"] for one in item["spec"]["arguments"]["parameters"]}
        started.setdefault(given.get("commit", ""), argo.first[name])
    found: dict[str, float] = {}
    for at, action, _, head in _deliveries(place):
        if action in _HEADS and head in started:
            found.setdefault(head, started[head] - at)
    return list(found.values())


def _deliveries(place: Place) -> list[tuple[float, str, int, str]]:
    """Return when which action was told of which pull request, and its head."""
    found = []
    for exchange in place.hooks.seen:
        if exchange.headers.get("x-gitea-event") == "pull_request":
            payload = json.loads(exchange.body)
            found.append((exchange.at, payload["action"], payload["number"], payload["pull_request"]["head"]["sha"]))
    return found
