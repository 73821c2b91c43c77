"""What is applied for the forge and S3, as the API server would get it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from idag.progress import Progress
from scripts.lab.cluster.settings import State
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import backends, forge
from scripts.lab.stand.certificates import GitCertificate
from scripts.lab.stand.environment import DemoImages, Environment

IMAGES = DemoImages("runtime-image", "agents-image", "s3-image", "forge-image")


class Recorder:
    """A cluster that holds one service and takes everything."""

    def __init__(self) -> None:
        self.applied: list[dict[str, Any]] = []

    def get(self, kind: str, *_: str) -> dict[str, Any] | None:
        return {"spec": {"clusterIP": "10.0.0.1"}} if kind == "service" else None

    def apply(self, objects: list[dict[str, Any]]) -> None:
        self.applied += objects

    def run(self, *_: str) -> str:
        return ""


def test_every_field_of_the_manifests_is_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(forge, "tokens", lambda *_: {"administrator": "a", "pipeline": "b"})
    kubectl = Recorder()
    where = Environment(True, cast(Kubectl, kubectl), "r", "d", "", "", None, State(tmp_path))
    found = backends.ensure(where, IMAGES, GitCertificate("certificate", "key", "bundle"), Progress("test"))
    assert found.tokens["pipeline"] == "b"
    deployments = {item["metadata"]["name"]: item for item in kubectl.applied if item["kind"] == "Deployment"}
    assert set(deployments) == {"git", "s3"}
    (pod,) = [deployments["git"]["spec"]["template"]["spec"]]
    assert {container["image"] for container in pod["initContainers"] + pod["containers"]} == {"forge-image"}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert "$" not in str(deployments["s3"])
