"""An API server with the release's policies in force, and previews in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idag.render import helm
from idag.render.manifests import Object
from idag.toolchain import asset
from implementation_dag.base import wait
from scripts.chart.render.project import CHART
from scripts.lab.kubectl import Kubectl

from . import release, server
from .cases import ask
from .previews import NAMESPACE, RELEASE, VALUES, WORKFLOWS, apply, fences, make_previews, runs

# What of the release an API server without Argo takes; nothing acts on it.
RIGHTS = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
KINDS = {"CustomResourceDefinition", "ConfigMap"} | RIGHTS
POLICIES = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
# The deployer in a namespace that is not its preview.
HOSTILE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": NAMESPACE}}
# Defaults of the cluster, which admission plugins fill in before the policies are asked.
DEFAULTS: list[dict[str, Any]] = [
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "ordinary", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
        "spec": {"controller": "example.com/ingress"},
    },
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "ordinary", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "example.com/disks",
    },
    {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "ordinary"},
        "globalDefault": True,
        "value": 100,
    },
    {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "urgent"},
        "value": 1000000,
    },
]


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The rendered release."""
    path = tmp_path_factory.mktemp("values") / "values.json"
    path.write_text(json.dumps(VALUES | {"policies": VALUES["policies"] | {"install": "always"}}))
    return helm.template(CHART, path, release=RELEASE, namespace=NAMESPACE)


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl as an administrator of an API server that nobody else uses."""
    with server.running(tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture(scope="session")
def in_force(kubectl: Kubectl, objects: list[Object]) -> None:
    """The release's rights and policies in force, and nothing made by it."""
    for path in sorted(Path(asset("gateway-api", "crds")).glob("*.yaml")):
        kubectl.run("apply", "--server-side", f"--filename={path}")
    apply(kubectl, "administrator", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    apply(kubectl, "administrator", [*DEFAULTS, WORKFLOWS])
    flags = [f"--namespace={NAMESPACE}"]
    apply(kubectl, "administrator", [dict(item) for item in objects if item["kind"] in KINDS], *flags)
    apply(kubectl, "administrator", [dict(item) for item in objects if item["kind"] in POLICIES])
    hostile = {"as": "deployer", "create": HOSTILE}
    assert wait.until(lambda: ask(kubectl, hostile), 30, 0.5), "the policies are not in force"


@pytest.fixture(scope="session")
def previews(kubectl: Kubectl, objects: list[Object], in_force: None) -> None:
    """The previews that the cases ask about."""
    name = f"{RELEASE}-provisioner"
    (found,) = [item for item in objects if item["kind"] == "Deployment" and item["metadata"]["name"] == name]
    make_previews(kubectl, fences(found))


@pytest.fixture(scope="module")
def waiting(kubectl: Kubectl, previews: None) -> None:
    """The runs that the cases ask about; other tests take all away."""
    apply(kubectl, "administrator", runs())


@pytest.fixture(scope="session")
def as_controller(kubectl: Kubectl, previews: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kubeconfig of the release's controller."""
    return release.identity(kubectl, "controller", tmp_path_factory.mktemp("identities"))


@pytest.fixture(scope="session")
def world(kubectl: Kubectl, previews: None) -> release.World:
    """The release's namespace as an administrator sees it."""
    assert kubectl.kubeconfig
    found = release.World(release.client(kubectl.kubeconfig))
    assert wait.until(found.serves, 30, 0.3), "the custom resources are not served yet"
    return found
