"""`helm test` with its own identity and settings: what is in order is told as such, what lacks is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from lightkube import Client
from lightkube.resources.rbac_authorization_v1 import RoleBinding

from idag.render.manifests import Object
from implementation_dag.base import wait
from implementation_dag.check import check
from implementation_dag.check.finding import Finding, Level
from scripts.lab.kubectl import Kubectl

from .previews import NAMESPACE, RELEASE
from .release import World, client, environment, identity

NAME = f"{RELEASE}-installation-test"


@pytest.fixture
def ours(
    kubectl: Kubectl, previews: None, objects: list[Object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Client:
    """A client as the test pod's, in what it is told."""
    for name, value in environment(objects, "Pod", NAME).items():
        monkeypatch.setenv(name, value)
    # Nobody runs workflows here.
    monkeypatch.setenv("WAIT_SECONDS", "0")
    monkeypatch.setattr(check, "INPUT", tmp_path)
    (told,) = [item for item in objects if item["kind"] == "ConfigMap" and item["metadata"]["name"] == NAME]
    for file, text in told["data"].items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    return client(identity(kubectl, "installation-test", tmp_path))


def found(ours: Client) -> dict[str, Finding]:
    return {finding.subject: finding for finding in check.findings(ours)}


def test_each_part_is_told_where_there_is_no_argo(ours: Client) -> None:
    told = found(ours)
    problems = {subject: finding.message for subject, finding in told.items() if finding.level == Level.PROBLEM}
    assert {"DocsRun CRD", "AgentRun CRD"} <= told.keys() - problems.keys()
    assert problems["coderun-template/coderun-main"] == "not there"
    assert problems["git.credentialsSecret"].startswith("Secret git is not there")
    assert problems["Argo and S3"] == "no controller took the test workflow up within 0 s"
    assert not [message for subject, message in problems.items() if RELEASE in subject]


def test_a_right_that_is_gone_is_named(ours: Client, world: World) -> None:
    name = f"{RELEASE}-docsruns"
    binding = world.client.get(RoleBinding, name, namespace=NAMESPACE)
    world.client.delete(RoleBinding, name, namespace=NAMESPACE)
    try:
        lacks = wait.until(lambda: [each for each in found(ours).values() if "docsruns" in each.message], 15)
        assert {each.subject for each in lacks} == {f"rights of {RELEASE}-{who}" for who in ("runner", "provisioner")}
    finally:
        assert binding.metadata
        binding.metadata.resourceVersion = binding.metadata.uid = None
        world.client.create(binding)
