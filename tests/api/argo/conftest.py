"""Argo's real controller beside the API server: it locks, starts and stops runs, whose pods nobody starts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from idag.render.manifests import Object
from idag.toolchain import asset
from implementation_dag.base import wait
from scripts.lab.errors import LabError
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
def templates(kubectl: Kubectl, objects: list[Object]) -> None:
    """The release's WorkflowTemplates, and what Argo asks for before it begins a run."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    where = {"name": "workflow-controller-configmap", "namespace": NAMESPACE}
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": where}
    wanted = [dict(item) for item in objects if item["kind"] in ("WorkflowTemplate", "ServiceAccount", "ConfigMap")]
    kubectl.apply([namespace])

    def taken() -> bool:
        try:
            kubectl.apply([configuration, *wanted])
        except LabError:
            return False
        return True

    assert wait.until(taken, 30, 1), "Argo's kinds are not served"


@pytest.fixture(scope="session")
def argo(kubectl: Kubectl, templates: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """Argo's controller, which a test may kill and start again."""
    found = Controller(kubectl, tmp_path_factory.mktemp("argo") / "workflow-controller.log")
    found.start()
    yield found
    found.kill()


@pytest.fixture
def runs(kubectl: Kubectl, argo: Controller) -> Iterator[Runs]:
    """What people submit; nothing is left of it."""
    found = Runs(kubectl)
    yield found
    kubectl.run("delete", "workflows.argoproj.io", "--all", f"--namespace={NAMESPACE}")
