"""Manifests of what runs in the cluster: rendered whole, and within PodSecurity's restricted level."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idag.render.manifests import load_all
from implementation_dag.base import wait
from scripts.lab.cluster import addons, argocd, pki
from scripts.lab.cluster.settings import State
from scripts.lab.errors import LabError

VERSIONS = {"coredns": "1.2.3", "skipper": "4.5.6", "argo-workflows": "7.8.9"}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    state = State(tmp_path_factory.mktemp("cluster") / "state")
    pki.ensure(state)
    return addons.manifests(state, VERSIONS) | {
        argocd.MANIFEST.name: argocd.manifest("localhost/idag/argocd:9.8.7", "key")
    }


@pytest.fixture(scope="module")
def objects(rendered: dict[str, str]) -> list[dict[str, Any]]:
    return [document for text in rendered.values() for document in load_all(text)]


def test_every_manifest_file_is_applied_and_filled(rendered: dict[str, str]) -> None:
    assert set(rendered) == {path.name for path in addons.MANIFESTS.rglob("*.yaml")}
    assert not [text for text in rendered.values() if "@{" in text]


def test_the_deployments_waited_for_are_those_that_are_applied(objects: list[dict[str, Any]]) -> None:
    found = {(o["metadata"]["namespace"], o["metadata"]["name"]) for o in objects if o["kind"] == "Deployment"}
    assert found == {*addons.DEPLOYMENTS, *argocd.DEPLOYMENTS}


def test_every_pod_is_restricted_and_bounded(objects: list[dict[str, Any]]) -> None:
    pods = [o["spec"]["template"]["spec"] for o in objects if o["kind"] == "Deployment"]
    assert pods
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} == set(container["resources"]["requests"]) == set(container["resources"]["limits"])
            assert container["image"].startswith("localhost/idag/")
            assert all(port["containerPort"] > 1024 for port in container.get("ports", ()))


def test_argo_uses_the_executor_of_its_own_version(objects: list[dict[str, Any]]) -> None:
    (controller,) = [o for o in objects if o["metadata"]["name"] == "workflow-controller" and o["kind"] == "Deployment"]
    (container,) = controller["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "localhost/idag/workflow-controller:7.8.9"
    assert "localhost/idag/argoexec:7.8.9" in container["args"]
    assert {"name": "DEFAULT_REQUEUE_TIME", "value": "1s"} in container["env"]


def test_the_resolver_knows_previews_and_has_no_way_out(objects: list[dict[str, Any]]) -> None:
    (config,) = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["name"] == "coredns"]
    corefile = config["data"]["Corefile"]
    assert "forward" not in corefile
    (pattern,) = re.findall(r'match "(.+)"', corefile)
    assert re.match(pattern, "impl-pr-7.preview.example.com.")
    assert not re.match(pattern, "impl-pr-7.previewXexample.com.")
    assert not re.match(pattern, "preview.example.com.")


def test_a_field_without_a_value_is_named() -> None:
    with pytest.raises(LabError, match=r"@\{nobody\} has no value; known: a, b"):
        addons.render("x: @{nobody}", {"b": "1", "a": "2"})


def test_the_digest_follows_the_content() -> None:
    text = "a: @{a}\nd: @{digest}\n"
    one, same, other = (addons.render(text, {"a": value}) for value in ("1", "1", "2"))
    assert one == same
    assert one.splitlines()[1] != other.splitlines()[1]


def test_definition_files_leave_out_kustomizations(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "kustomization.yaml", "README.md"):
        (tmp_path / name).write_text("")
    assert [path.name for path in addons.definition_files(tmp_path)] == ["a.yaml", "b.yaml"]


def test_what_argo_cd_runs_is_in_its_image(objects: list[dict[str, Any]]) -> None:
    deployments = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["namespace"] == argocd.NAMESPACE]
    pods = [deployment["spec"]["template"]["spec"] for deployment in deployments]
    programs = {*argocd.BINARIES, *argocd.ROLES, argocd.DEBIAN.command}
    commands = {c["command"][0] for pod in pods for c in (*pod.get("initContainers", ()), *pod["containers"])}
    assert commands <= programs
    assert len(commands) == 5


class Kubectl:
    """kubectl of an API server that answers in these words, one after the other; nothing: it took it."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def run(self, *_: str, stdin: str = "") -> str:
        if words := self.answers.pop(0):
            raise LabError(f"kubectl apply failed: {words}")
        return stdin


def test_an_api_server_that_is_too_slow_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "CLOCK", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: None))
    slow = "Error from server (Timeout): Timeout: request did not complete within requested timeout"
    kubectl = Kubectl(slow, slow, "")
    addons.apply(kubectl, "text")  # type: ignore[arg-type]
    assert not kubectl.answers


def test_what_it_refuses_is_told_at_once() -> None:
    kubectl = Kubectl("Error from server (Invalid): spec.names: Required value", "")
    with pytest.raises(LabError, match=r"\(Invalid\): spec\.names"):
        addons.apply(kubectl, "text")  # type: ignore[arg-type]
    assert kubectl.answers
