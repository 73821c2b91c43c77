"""`helm test` tells a good installation from a broken one, and the released chart upgrades to this one and back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.toolchain import tool
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import release
from scripts.lab.stand.environment import RELEASE_NAMESPACE
from scripts.lab.stand.objects import secret
from scripts.lab.stand.session import Session

from .release import api_server

ROOT = Path(__file__).resolve().parents[2]
[RELEASED] = (ROOT / "tests" / "render" / "upgrade").glob("implementation-dag-*.tgz")
NAME = "idag-e2e-installation"
INPUTS = (f"secret/{release.GIT_SECRET}", f"secret/{release.S3_SECRET}", f"configmap/{release.TRUST}")
TIME = "--timeout=180s"


@dataclass(frozen=True)
class Place:
    """A namespace with what a release needs, beside the demo's own."""

    kubectl: Kubectl
    folder: Path

    def helm(self, *arguments: str, helm: str = "helm") -> subprocess.CompletedProcess[str]:
        chosen = [f"--kubeconfig={self.kubectl.kubeconfig}"] if self.kubectl.kubeconfig else []
        command = [str(tool(helm)), *arguments, *chosen]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def install(self, chart: Path, values: dict[str, Any], *more: str, wait: bool = True) -> None:
        """Install or upgrade the release NAME with `more` flags and, unless told otherwise, wait until it is ready."""
        path = self.folder / "values.json"
        path.write_text(json.dumps(values))
        flags = [f"--namespace={NAME}", f"--values={path}", TIME, *(["--wait"] if wait else [])]
        done = self.helm("upgrade", "--install", NAME, str(chart), *flags, *more)
        assert done.returncode == 0, done.stderr

    def values(self) -> dict[str, Any]:
        """The values of the demo's release, which alone watches the repository."""
        done = self.helm("get", "values", release.RELEASE, f"--namespace={RELEASE_NAMESPACE}", "--output=json")
        found: dict[str, Any] = json.loads(done.stdout)
        return found | {"forge": {"enabled": False}}

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found = self.kubectl.get(kind, name, f"--namespace={NAME}")
        assert found, f"{kind} {name} is not there"
        return found


@pytest.fixture
def place(session: Session, tmp_path: Path) -> Iterator[Place]:
    place = Place(session.environment.kubectl, tmp_path)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": labels}}
    copies = []
    for item in INPUTS:
        found = place.kubectl.get(item, f"--namespace={RELEASE_NAMESPACE}")
        assert found, f"{RELEASE_NAMESPACE}/{item} is not there"
        copies.append(found | {"metadata": {"name": found["metadata"]["name"], "namespace": NAME}})
    place.kubectl.apply([namespace, *copies])
    try:
        yield place
    finally:
        place.helm("uninstall", NAME, f"--namespace={NAME}", "--ignore-not-found", "--wait", TIME)
        place.kubectl.run("delete", "namespace", NAME, "--timeout=120s")


def lines(text: str, level: str) -> dict[str, str]:
    """The findings of that level in the log of `helm test`: subject → message."""
    found = (line.strip().removeprefix(level).strip() for line in text.splitlines() if line.strip().startswith(level))
    return {subject: message for subject, _, message in (line.partition(": ") for line in found)}


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_the_demo_s_installation_is_good(place: Place, helm: str) -> None:
    done = place.helm("test", release.RELEASE, f"--namespace={RELEASE_NAMESPACE}", "--logs", TIME, helm=helm)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not lines(done.stdout, "problem")
    good = lines(done.stdout, "ok")
    assert "wrote to the bucket and read it back" in good["Argo and S3"]
    assert "may push" in good["git push"]
    assert {"Argo CRDs", "DocsRun CRD", "rights of implementation-dag-runner"} <= good.keys()


def test_what_is_broken_is_named_with_what_to_do(place: Place) -> None:
    place.install(release.CHART, place.values())
    roles = [{"op": "replace", "path": "/rules/0/verbs", "value": ["get"]}]
    place.kubectl.apply(
        [
            secret(NAME, release.GIT_SECRET, {"username": "x-access-token", "password": "revoked"}),
            secret(NAME, release.S3_SECRET, {"accessKey": "nobody", "secretKey": "knows"}),
        ]
    )
    place.kubectl.run(
        "patch", "role", f"{NAME}-docsruns", f"--namespace={NAME}", "--type=json", f"--patch={json.dumps(roles)}"
    )
    done = place.helm("test", NAME, f"--namespace={NAME}", "--logs", TIME)
    assert done.returncode != 0
    problems = lines(done.stdout, "problem")
    assert "may not create docsruns.taskmaster.io" in problems[f"rights of {NAME}-runner"]
    assert "git ls-remote failed" in problems["git access"]
    assert "write is Error" in problems["Argo and S3"]
    assert "DocsRun CRD" in lines(done.stdout, "ok")


def test_without_cluster_roles_it_asks_about_its_namespace(place: Place) -> None:
    values = place.values()
    # Without rights in the cluster helm does not ask where the API server is: it is named.
    values["network"] = values["network"] | {"apiServer": api_server(place.kubectl)}
    place.install(release.CHART, values | {"rbac": {"clusterScoped": False}})
    assert not place.kubectl.items("clusterroles", f"--selector=app.kubernetes.io/instance={NAME}")
    done = place.helm("test", NAME, f"--namespace={NAME}", "--logs", TIME)
    assert done.returncode == 0, done.stdout + done.stderr
    good = lines(done.stdout, "ok")
    assert {f"rights of {NAME}-runner", f"rights of {NAME}-controller", "Argo and S3"} <= good.keys()
    assert "ClusterRole" in lines(done.stdout, "cannot tell")["CRDs"]


def known_to(defaults: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The part of `values` that a chart with these defaults knows."""
    kept = {}
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(defaults.get(key), dict) and defaults[key]:
            kept[key] = known_to(defaults[key], value)
        elif key in defaults:
            kept[key] = value
    return kept


def test_the_released_chart_upgrades_and_rolls_back(place: Place) -> None:
    values = place.values()
    old_defaults = yaml.safe_load(place.helm("show", "values", str(RELEASED)).stdout)
    # Chart and image are released together and the old image is not here: the old controller need not get ready.
    # Nor does it take the cluster's CRDs back to its own.
    place.install(RELEASED, known_to(old_defaults, values), "--skip-crds", wait=False)
    before = place.get("deployment", f"{NAME}-controller")
    image = before["spec"]["template"]["spec"]["containers"][0]["image"]
    deployer = f"{NAME}-deployer.impl-pr-796"
    spec = {"image": image, "command": ["python3", "-c", "print('done')"], "serviceAccountName": deployer}
    manifest = {"apiVersion": "taskmaster.io/v1", "kind": "DocsRun", "metadata": {"name": "before", "namespace": NAME}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": deployer, "namespace": NAME}}
    place.kubectl.apply([account, manifest | {"spec": spec | {"targetNamespace": "impl-pr-796"}}])

    # The selector of 0.1.0 cannot be changed in place (docs/operator.md).
    place.kubectl.run("delete", "deployment", f"{NAME}-controller", f"--namespace={NAME}")
    place.install(release.CHART, values)
    after = place.get("deployment", f"{NAME}-controller")
    assert after["status"]["readyReplicas"] == 1
    place.kubectl.run(
        "wait", "docsrun/before", f"--namespace={NAME}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"
    )
    done = place.helm("test", NAME, f"--namespace={NAME}", "--logs", TIME)
    assert done.returncode == 0, done.stdout + done.stderr

    place.kubectl.run("delete", "deployment", f"{NAME}-controller", f"--namespace={NAME}")
    back = place.helm("rollback", NAME, "1", f"--namespace={NAME}", TIME)
    assert back.returncode == 0, back.stderr
    assert place.get("deployment", f"{NAME}-controller")["metadata"]["labels"] == before["metadata"]["labels"]
    assert place.get("docsrun", "before")["status"]["phase"] == "Succeeded"
