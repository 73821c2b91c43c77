"""Previews that people apply by hand, and a controller that is killed at any moment."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from lightkube import ApiError, Client
from lightkube.types import PatchType

from implementation_dag.base import kube
from implementation_dag.contract import names
from implementation_dag.pull_requests import objects
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from tests.api.previews import NAMESPACE

from .argo import Argo
from .place import OWNER
from .process import Process, told, until

HEADS = ["1" * 40, "2" * 40, "3" * 40]


def apply(kubectl: Kubectl, of: int, **spec: object) -> str:
    item = objects.new(OWNER, "by-hand", of, NAMESPACE)
    item["spec"] |= spec
    kubectl.run("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=json.dumps(item))
    return str(item["metadata"]["name"])


def status(client: Client, name: str) -> dict[str, Any]:
    return kube.as_dict(client.get(objects.Resource, name, namespace=NAMESPACE)).get("status") or {}


def ready(client: Client, name: str) -> None:
    until(lambda: status(client, name).get("phase") == "Ready", lambda: status(client, name))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"owner": "-x"}, "spec.owner"),
        ({"repo": "x.git"}, "without .git"),
        ({"number": 0}, "spec.number"),
        ({"head": "HEAD"}, "spec.head"),
        ({"commands": {"x": {}}}, "number of their comment"),
        ({"okToTest": "1" * 40}, "that a forge told of"),
        ({"expires": "2026-12-01t00:00:00z"}, "spec.expires"),
        ({"expires": "0000-01-01T00:00:00Z"}, "spec.expires"),
        ({"expires": "2026-12-01T23:59:60Z"}, "spec.expires"),
        ({"expires": "2026-02-30T00:00:00Z"}, "spec.expires"),
    ],
)
def test_the_api_server_refuses_what_is_no_preview(
    kubectl: Kubectl, client: Client, spec: dict[str, object], words: str
) -> None:
    with pytest.raises(LabError, match=words):
        apply(kubectl, 99, **spec)


def test_whose_preview_it_is_cannot_be_changed(kubectl: Kubectl, client: Client) -> None:
    apply(kubectl, 98)
    item = objects.new(OWNER, "by-hand", 98, NAMESPACE)
    item["spec"]["repo"] = "other"
    with pytest.raises(LabError, match="cannot be changed"):
        kubectl.run("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=json.dumps(item))
    client.delete(objects.Resource, str(item["metadata"]["name"]), namespace=NAMESPACE)


def test_a_preview_by_hand_runs_is_superseded_and_ends(
    kubectl: Kubectl, client: Client, argo: Argo, processes: Callable[..., Process]
) -> None:
    processes("pull-requests", {"FORGE": told()})
    argo.hold = True
    name = apply(kubectl, 1, head=HEADS[0])
    until(lambda: status(client, name).get("phase") == "Running", lambda: status(client, name))
    apply(kubectl, 1, head=HEADS[1])
    second = names.run(name, 2)
    until(lambda: second in argo.seen, lambda: status(client, name))
    argo.hold = False
    ready(client, name)
    found = status(client, name)
    assert [run["cause"] for run in found["history"]] == ["superseded"]
    assert argo.seen[names.run(name, 1)]["spec"]["shutdown"] == "Stop"
    assert argo.most[name] == 1
    apply(kubectl, 1, head=HEADS[1], stop=HEADS[1])
    until(lambda: status(client, name).get("phase") == "Ended", lambda: status(client, name))
    assert argo.seen[names.run(name, 3)]["spec"]["entrypoint"] == objects.END


def test_a_controller_that_is_killed_again_and_again_starts_each_head_once(
    kubectl: Kubectl, client: Client, argo: Argo, processes: Callable[..., Process]
) -> None:
    """Two controllers, of which one dies at any moment: never two runs at once, and in the end the last head ran."""
    chance = random.Random(7)  # noqa: S311
    processes("pull-requests", {"FORGE": told()})
    victim = processes("pull-requests", {"FORGE": told()})
    numbers = range(10, 16)
    for head in HEADS:
        for number in numbers:
            apply(kubectl, number, head=head)
        time.sleep(chance.uniform(0, 1))
        victim.kill()
        victim.start(ready=False)
        time.sleep(chance.uniform(0.5, 2))
    for number in numbers:
        name = names.pull_request(OWNER, "by-hand", number)
        ready(client, name)
        assert status(client, name)["run"]["commit"] == HEADS[-1]
        assert argo.most[name] == 1


def test_one_broken_preview_holds_up_no_other(
    kubectl: Kubectl, client: Client, argo: Argo, processes: Callable[..., Process]
) -> None:
    item = objects.new(OWNER, "by-hand", 30, NAMESPACE)
    item["metadata"]["name"] = "another-name"
    kubectl.run("apply", "--server-side", "--filename=-", stdin=json.dumps(item))
    processes("pull-requests", {"FORGE": told()})
    name = apply(kubectl, 31, head=HEADS[0])
    ready(client, name)
    assert "must be named" in status(client, "another-name")["message"]


def test_a_write_on_another_version_is_refused(kubectl: Kubectl, client: Client) -> None:
    name = apply(kubectl, 40)
    before = kube.as_dict(client.get(objects.Resource, name, namespace=NAMESPACE))
    apply(kubectl, 40, head=HEADS[0])
    patch = {"metadata": {"resourceVersion": before["metadata"]["resourceVersion"]}, "status": {"phase": "Ready"}}
    with pytest.raises(ApiError) as refused:
        client.patch(objects.Resource.Status, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE)
    assert refused.value.status.code == 409
