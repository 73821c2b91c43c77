"""Argo's real controller beside the API server: it locks, starts and stops runs, whose pods nobody starts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.codecs import from_dict
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace, Secret

from idag.render.manifests import Object
from idag.toolchain import asset
from implementation_dag.base import wait
from scripts.lab.kubectl import Kubectl
from tests.api import release, server
from tests.api.conftest import POLICIES, RIGHTS
from tests.api.previews import NAMESPACE

from .provisioners import Provisioners, repository, told
from .runs import Controller, Runs

# What of the release is in force; its own pods are not there.
KINDS = {"CustomResourceDefinition", "WorkflowTemplate", "ConfigMap"} | RIGHTS | POLICIES


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
    wanted = [item for item in objects if item["kind"] in KINDS]

    def taken() -> bool:
        try:
            for item in wanted:
                client: Any = found
                client.apply(from_dict(dict(item)), namespace=NAMESPACE)
        except (ApiError, httpx2.HTTPError):
            return False
        return True

    assert wait.until(taken, 60, 1), "Argo's kinds are not served"
    # Previews get a copy of it.
    data = {".dockerconfigjson": base64.b64encode(b"{}").decode()}
    metadata = ObjectMeta(name="registry", namespace=NAMESPACE)
    found.apply(Secret(metadata=metadata, type="kubernetes.io/dockerconfigjson", data=data))
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
    found = Runs(client)
    yield found
    found.clear()


@pytest.fixture(scope="session")
def as_provisioner(kubectl: Kubectl, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kubeconfig of the release's provisioner."""
    return release.identity(kubectl, "provisioner", tmp_path_factory.mktemp("identities"))


@pytest.fixture
def provisioners(as_provisioner: Path, objects: list[Object], tmp_path: Path) -> Iterator[Provisioners]:
    """Nobody yet; the repository acme/shop has pull requests 7 and 8."""
    repository(tmp_path, 7, 8)
    found = Provisioners(as_provisioner, told(objects, tmp_path), tmp_path / "provisioner.log")
    yield found
    found.kill()
    print(found.log.read_text() if found.log.exists() else "")


@pytest.fixture
def provisioner(provisioners: Provisioners) -> Provisioners:
    """One that runs."""
    provisioners.start()
    return provisioners
