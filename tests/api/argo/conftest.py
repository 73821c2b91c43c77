"""Argo's real controller beside the API server: it locks, starts and stops runs, whose pods nobody starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.codecs import from_dict
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace

from idag.render.manifests import Object
from idag.toolchain import asset
from implementation_dag.base import kube, wait
from scripts.lab.kubectl import Kubectl
from tests.api import server
from tests.api.previews import NAMESPACE

from .runs import Controller, Runs


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl as an administrator of an API server with Argo's own kinds, which other tests' does not have."""
    with server.running(tmp_path_factory.mktemp("argo")) as found:
        for path in sorted(asset("argo-workflows", "crds").glob("argoproj.io_*.yaml")):
            found.run("apply", "--server-side", f"--filename={path}")
        yield found


@pytest.fixture(scope="session")
def client(kubectl: Kubectl, objects: list[Object]) -> Client:
    """An administrator; the release's WorkflowTemplates are there, and what Argo asks for before it begins a run."""
    assert kubectl.kubeconfig
    found = Client(config=KubeConfig.from_file(kubectl.kubeconfig).get(), field_manager="test")
    found.apply(Namespace(metadata=ObjectMeta(name=NAMESPACE)))
    # Its port for metrics is a fixed one: of two controllers on a machine one would die.
    settings = {"metricsConfig": "{enabled: false}"}
    found.apply(
        ConfigMap(metadata=ObjectMeta(name="workflow-controller-configmap", namespace=NAMESPACE), data=settings)
    )
    wanted = [item for item in objects if item["kind"] in ("WorkflowTemplate", "ServiceAccount", "ConfigMap")]

    def taken() -> bool:
        try:
            for item in wanted:
                client: Any = found
                client.apply(from_dict(dict(item)), namespace=NAMESPACE)
        except (ApiError, httpx2.HTTPError):
            return False
        return True

    assert wait.until(taken, 60, 1), "Argo's kinds are not served"
    return found


@pytest.fixture(scope="session")
def argo(kubectl: Kubectl, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """Argo's controller, which a test may kill and start again."""
    assert kubectl.kubeconfig
    found = Controller(kubectl.kubeconfig, tmp_path_factory.mktemp("argo") / "workflow-controller.log")
    found.start()
    yield found
    found.kill()


@pytest.fixture
def runs(client: Client, argo: Controller) -> Iterator[Runs]:
    """What people submit; nothing is left of it."""
    yield Runs(client)
    client.deletecollection(kube.Workflow, namespace=NAMESPACE)
