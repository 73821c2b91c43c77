"""A release that an older or killed helm left pending is waited for, then taken away."""

from typing import Any

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Secret

from implementation_dag.docsrun.helm import lock


class Cluster:
    """Helm's Secrets; the pending ones are done after `rounds` lists."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.deleted: list[str] = []

    def list(self, kind: type, *, namespace: str, labels: dict[str, str]) -> list[Secret]:
        assert (kind, namespace, labels) == (Secret, "impl-pr-7", {"owner": "helm", "name": "shop-pr-7"})
        self.rounds -= 1
        status = "pending-install" if self.rounds >= 0 else "deployed"
        items = {"sh.helm.release.v1.shop-pr-7.v1": "superseded", "sh.helm.release.v1.shop-pr-7.v2": status}
        return [Secret(metadata=ObjectMeta(name=name, labels={"status": state})) for name, state in items.items()]

    def delete(self, kind: type, name: str, *, namespace: str) -> None:
        self.deleted.append(name)


@pytest.mark.parametrize(("rounds", "deleted"), [(2, []), (1_000_000, ["sh.helm.release.v1.shop-pr-7.v2"])])
def test_what_stays_pending_goes(monkeypatch: pytest.MonkeyPatch, rounds: int, deleted: list[str]) -> None:
    monkeypatch.setattr(lock, "POLL_SECONDS", 0)
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.05)
    cluster: Any = Cluster(rounds)
    lock.release(cluster, "impl-pr-7", "shop-pr-7")
    assert cluster.deleted == deleted
