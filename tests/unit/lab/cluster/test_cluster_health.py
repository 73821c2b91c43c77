"""What counts as a Deployment that runs as it should."""

from pathlib import Path
from typing import Any

import pytest

from scripts.lab.cluster import health
from scripts.lab.cluster.settings import State

READY = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (READY, "ready"),
        (READY | {"observedGeneration": 1}, "waiting"),
        # The new pod is there, the old one is the ready one.
        (READY | {"replicas": 2}, "waiting"),
        ({"observedGeneration": 2}, "waiting"),
    ],
)
def test_a_deployment_is_ready_with_its_newest_pods_alone(
    status: dict[str, Any], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}
    monkeypatch.setattr(health, "api_object", lambda state, path: found)
    assert health.deployment_state(State(Path("/nowhere/state")), "ingress", "skipper") == word
