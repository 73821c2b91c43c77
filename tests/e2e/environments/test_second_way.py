"""Beyond the main path: the project's fences, notifications, and the chart without Kustomize, from git and from OCI."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.overlays import build
from idag.toolchain import tool
from scripts.chart.render.project import ENVIRONMENTS, ROOT
from scripts.lab.argocd import applications, git
from scripts.lab.argocd.platform import Platform, application, release
from scripts.lab.cluster.argocd import NAMESPACE as ARGOCD

pytestmark = pytest.mark.long

SECONDS = 480.0
SETTINGS = "kustomize/argocd/settings"


@pytest.fixture(scope="module", autouse=True)
def in_step(platform: Platform) -> None:
    applications.wait(platform.kubectl, platform.applications, lambda state: state.good, SECONDS)


ROLE = "rbac.authorization.k8s.io"
FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "a kind that the chart does not have": (
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "acd-smuggled"}},
        "resource :Secret is not permitted in project implementation-dag",
    ),
    "a cluster role of another name": (
        {"apiVersion": f"{ROLE}/v1", "kind": "ClusterRole", "metadata": {"name": "acd-admin"}, "rules": []},
        f"resource {ROLE}:ClusterRole is not permitted in project implementation-dag",
    ),
    "an object for another namespace": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "acd-smuggled", "namespace": "kube-system"}},
        "namespace kube-system is not permitted in project 'implementation-dag'",
    ),
}


@pytest.mark.parametrize("case", list(FOREIGN))
def test_the_project_refuses(platform: Platform, case: str) -> None:
    """What somebody smuggles into the repository is not applied, and taking the commit back ends the failure."""
    manifest, words = FOREIGN[case]
    name = platform.names[0]
    folder = platform.copy.kustomize / ("overlays/dev" if name == "dev" else f"rendered/{name}")
    path = folder / "kustomization.yaml"
    (folder / "smuggled.yaml").write_text(yaml.safe_dump(manifest))
    document = yaml.safe_load(path.read_text())
    document.setdefault("resources", []).append("smuggled.yaml")
    path.write_text(yaml.safe_dump(document))
    commit = platform.copy.commit(f"Smuggle {case}")
    applications.refresh(platform.kubectl, platform.applications)
    app = application(name)
    try:
        state = applications.wait(platform.kubectl, [app], lambda state: bool(refusal(state, words)), SECONDS)[app]
        assert words in refusal(state, words)
        namespace = manifest["metadata"].get("namespace", release(name)[1])
        found = platform.kubectl.get(manifest["kind"], manifest["metadata"]["name"], f"--namespace={namespace}")
        assert found is None
    finally:
        last = platform.copy.revert([commit])
        applications.refresh(platform.kubectl, platform.applications)
        applications.wait(platform.kubectl, platform.applications, applications.in_step(last), SECONDS)


def refusal(state: applications.State, words: str) -> str:
    told = [*state.conditions, state.message, *state.results]
    return next((text for text in told if words in text), "")


def test_notifications_tell_what_happened(platform: Platform, tmp_path: Path) -> None:
    path = tmp_path / "notifications.yaml"
    for item in build.objects(build.build(ROOT / SETTINGS)):
        if item["metadata"]["name"] == "argocd-notifications-cm":
            path.write_text(yaml.safe_dump(item))
    app = application(platform.names[0])
    source = ("--config-map", str(path), "--secret", ":empty")
    fired = argocd(platform, "trigger", "run", "on-implementation-dag-deployed", app, *source)
    assert "true" in fired
    quiet = argocd(platform, "trigger", "run", "on-implementation-dag-broken", app, *source)
    assert "true" not in quiet
    told = argocd(platform, "template", "notify", "implementation-dag-environment", app, *source)
    assert f"{app} is Synced and Healthy at " in told
    assert platform.image.partition("@")[2] in told


def argocd(platform: Platform, *arguments: str) -> str:
    cluster = ("--kubeconfig", str(platform.where.state.admin_kubeconfig), "--namespace", ARGOCD)
    command: list[str | Path] = [tool("argocd"), "admin", "notifications", *arguments, *cluster]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_the_chart_without_kustomize_takes_the_environments_over(platform: Platform, tmp_path: Path) -> None:
    """From the ApplicationSet to Helm-native Applications: nothing that runs is deleted on the way."""
    push_chart(platform, tmp_path)
    before = {name: deployment_uid(platform, name) for name in platform.names}
    argocd_objects = (f"--namespace={ARGOCD}", "--timeout=60s")
    platform.kubectl.run("delete", "applicationsets.argoproj.io", "implementation-dag", *argocd_objects)
    for app in platform.applications:
        platform.kubectl.run("wait", "--for=delete", f"applications.argoproj.io/{app}", *argocd_objects)
    for path in (platform.copy.kustomize / "argocd" / "helm").glob("*.yaml"):
        if path.stem in set(ENVIRONMENTS) - set(platform.names):
            drop(platform.copy.kustomize / "argocd" / "helm" / "kustomization.yaml", path.name)
    commit = platform.copy.commit("The chart without Kustomize")
    platform.apply("argocd/helm")
    states = applications.wait(platform.kubectl, platform.applications, applications.in_step(commit), SECONDS)
    assert {state.conditions for state in states.values()} == {()}
    assert {name: deployment_uid(platform, name) for name in platform.names} == before


def drop(path: Path, resource: str) -> None:
    document = yaml.safe_load(path.read_text())
    document["resources"].remove(resource)
    path.write_text(yaml.safe_dump(document))


def deployment_uid(platform: Platform, name: str) -> str:
    instance, namespace = release(name)
    found = platform.kubectl.get("deployment", f"{instance}-controller", f"--namespace={namespace}")
    assert found
    uid: str = found["metadata"]["uid"]
    return uid


def push_chart(platform: Platform, folder: Path) -> None:
    """Package the chart and push it to the cluster's registry, as a release does."""
    chart = platform.copy.folder / "charts" / "implementation-dag"
    helm(folder, "package", str(chart), "--destination", str(folder))
    (package,) = folder.glob("implementation-dag-*.tgz")
    target = f"oci://{platform.where.registry}/{git.CHARTS}"
    helm(folder, "push", str(package), target, "--ca-file", str(platform.where.ca))


def helm(folder: Path, *arguments: str) -> None:
    done = subprocess.run([tool("helm3"), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
