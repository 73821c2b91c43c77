"""Histories on a real API server: each has a repository of its own, and leaves nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from unittest import mock

import pytest
from lightkube import Client

from idag.render.manifests import Object
from implementation_dag.base import kube, wait
from implementation_dag.docsrun import settings
from implementation_dag.pull_requests import objects as previews_of
from implementation_dag.pull_requests.model import Settings
from implementation_dag.pull_requests.repositories import Repositories
from implementation_dag.pull_requests.settings import Told
from implementation_dag.reaper import acting
from implementation_dag.reaper import settings as reaper
from scripts.lab.kubectl import Kubectl
from tests.api import release
from tests.api.previews import NAMESPACE, RELEASE
from tests.unit.pull_requests.peer import Peer
from tests.unit.pull_requests.world import opened

from .clock import Clock
from .cluster import OWNER, Cluster
from .history import History
from .memory import Memory
from .replica import Replica
from .translation import Translation
from .wire import Wire, client

REPLICAS = 2
CONTROLLERS = ("pull-requests", "controller", "reaper")
GRACE_SECONDS = 60.0


@pytest.fixture(scope="session")
def clients(
    kubectl: Kubectl, in_force: None, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Client, Wire]]:
    """A client of each identity with its wire, twice where there are replicas."""
    folder = tmp_path_factory.mktemp("identities")
    accounts = {name: release.identity(kubectl, name, folder) for name in ("provisioner", *CONTROLLERS)}
    found = {}
    for name, kubeconfig in accounts.items():
        for number in range(REPLICAS):
            wire = Wire(f"{name}-{number}", kubeconfig)
            found[wire.name] = (client(kubeconfig, wire), wire)
    return found


@pytest.fixture(scope="session")
def admin(kubectl: Kubectl, in_force: None) -> tuple[Client, Wire]:
    """An administrator, whose calls never fail."""
    assert kubectl.kubeconfig
    wire = Wire("admin", kubectl.kubeconfig)
    found = client(kubectl.kubeconfig, wire)
    assert wait.until(lambda: release.serves(found, previews_of.Resource, kube.Workflow, kube.DocsRun), 30, 0.3)
    return found, wire


@pytest.fixture(scope="session")
def told(objects: list[Object]) -> settings.Settings:
    """What the chart tells the controller."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in release.environment(objects).items():
            patch.setenv(name, value)
        return settings.load()


class InTurn:
    """Threads that do one thing after the other: which is first is nobody's choice but the seed's."""

    map = staticmethod(map)


@pytest.fixture(scope="session", autouse=True)
def in_turn() -> object:
    """No threads."""
    with mock.patch.object(acting, "ThreadPoolExecutor", lambda *_, **__: InTurn()):
        yield


@pytest.fixture
def begin(
    clients: dict[str, tuple[Client, Wire]],
    admin: tuple[Client, Wire],
    told: settings.Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[int, bool], History]:
    """Return what begins the history of a seed."""

    def start(seed: int, remembers: bool) -> History:
        repo = f"sim-{seed}"
        peer = Peer(opened())
        reaps = reaper.Told(reaper.Settings(RELEASE, NAMESPACE, GRACE_SECONDS), told.image)
        of = Told(NAMESPACE, RELEASE, Repositories((f"{OWNER}/{repo}",)), Settings(kind="gitea"))
        clock = Clock(lambda: history.meanwhile())
        monkeypatch.setattr(wait, "CLOCK", clock)
        replicas = [
            Replica({name: clients[f"{name}-{number}"][0] for name in CONTROLLERS}, of, told, reaps, peer)
            for number in range(REPLICAS)
        ]
        cluster = Cluster(repo, told.image, admin[0], clients["provisioner-0"][0])
        wires = [wire for _, wire in clients.values()]
        translation, memory, trace = Translation(clock.time), Memory(remembers), list[str]()
        for wire in (admin[1], *wires):
            wire.translation, wire.memory, wire.trace = translation, memory, trace
        history = History(random.Random(seed), cluster, replicas, clock, peer, wires, trace)  # noqa: S311
        return history

    return start
