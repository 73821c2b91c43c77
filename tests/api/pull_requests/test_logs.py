"""Where logs are JSON, each line of our processes is, and says which run of which pull request it is about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lightkube import Client

from implementation_dag.base import kube, log
from tests.api.previews import NAMESPACE

from .place import OWNER, Place
from .process import Process, until


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(log.FORMAT, log.JSON)


def lines(process: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.log.read_text().splitlines()]


@pytest.mark.usefixtures("as_json")
def test_lines_say_what_they_are_about(place: Place, client: Client) -> None:
    number, commit = place.open("told")
    run = place.until(number, "Ready", commit)["run"]["name"]
    uid = kube.as_dict(client.get(kube.Workflow, run, namespace=NAMESPACE))["metadata"]["uid"]
    of = {"repo": f"{OWNER}/{place.repo}", "pr": str(number)}
    full = of | {"run": run, "trace": uid.replace("-", "")}
    until(
        lambda: [each for each in lines(place.controller) if full.items() <= each.items()],
        place.controller.log.read_text,
    )
    assert [each for each in lines(place.receiver) if of.items() <= each.items()]
