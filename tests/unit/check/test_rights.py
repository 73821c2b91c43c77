"""The test asks for every right that the chart gives, and notices each that is missing or too many."""

from __future__ import annotations

import pytest

from idag.render.manifests import load_all
from implementation_dag.check import rights
from implementation_dag.check.finding import Finding, Level
from implementation_dag.check.rights import Identity, Right
from scripts.chart.render.project import SUITE

RUNNER = Identity("workflows", "implementation-dag-runner")
PROVISIONER = Identity("workflows", "implementation-dag-provisioner")
# Its own identity is in use while it asks.
OWN = "-installation-test"


def roles(case: str = "default") -> list[rights.Object]:
    """What the test is told to ask; empty where the case installs no test."""
    configs = SUITE.render(SUITE.cases[case]).objects.of("ConfigMap")
    texts = [config["data"]["rbac.yaml"] for config in configs if config.name.endswith(OWN)]
    return [item for text in texts for item in load_all(text)]


@pytest.mark.parametrize("case", [name for name in SUITE.cases if "/" not in name])
def test_every_binding_of_the_chart_is_asked_about(case: str) -> None:
    rendered = SUITE.render(SUITE.cases[case]).objects
    namespace = SUITE.cases[case].namespace or SUITE.namespace
    installed = any(manifest.name.endswith(OWN) for manifest in rendered.values())
    bindings = {
        (item["kind"], item["metadata"]["name"])
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for item in rendered.of(kind)
        if installed and not all(subject["name"].endswith(OWN) for subject in item["subjects"])
        # Previews made beforehand are an administrator's, not the release's.
        if item["metadata"].get("namespace", namespace) == namespace
    }
    told = {(item["kind"], item["metadata"]["name"]) for item in roles(case) if item["kind"].endswith("Binding")}
    assert told == bindings, "list the template in templates/installation-test/expectations.yaml"


def test_rights_are_expanded_with_their_names_and_places() -> None:
    given = rights.granted(roles())
    assert Right("create", "taskmaster.io", "docsruns", "workflows") in given[RUNNER]
    assert Right("delete", "", "namespaces") in given[PROVISIONER]
    bind = Right("bind", "rbac.authorization.k8s.io", "clusterroles", "", "implementation-dag-preview")
    assert bind in given[PROVISIONER]
    assert str(bind) == "bind clusterroles.rbac.authorization.k8s.io implementation-dag-preview everywhere"


def answered(missing: Right | None = None, excess: Right | None = None) -> dict[str, Finding]:
    given = rights.granted(roles())

    def ask(identity: Identity, right: Right) -> bool:
        if identity == RUNNER and right in (missing, excess):
            return right == excess
        return right in given[identity]

    return {finding.subject: finding for finding in rights.check(ask, roles(), "workflows")}


def test_an_installation_as_rendered_has_no_problem() -> None:
    found = answered()
    assert len(found) == 5
    assert {finding.level for finding in found.values()} == {Level.OK}


def test_a_missing_right_is_named() -> None:
    found = answered(missing=Right("create", "taskmaster.io", "docsruns", "workflows"))
    assert found["rights of implementation-dag-runner"].level == Level.PROBLEM
    assert "may not create docsruns.taskmaster.io in workflows" in found["rights of implementation-dag-runner"].message
    assert found["rights of implementation-dag-provisioner"].level == Level.OK


@pytest.mark.parametrize("right", rights.forbidden("workflows"), ids=str)
def test_a_right_that_nobody_may_have_is_named(right: Right) -> None:
    found = answered(excess=right)["rights of implementation-dag-runner"]
    assert found.level == Level.PROBLEM
    assert str(right) in found.message


def test_without_rights_in_the_cluster_only_the_namespace_is_asked_about() -> None:
    asked = []

    def ask(identity: Identity, right: Right) -> bool:
        asked.append(right)
        return True

    list(rights.check(ask, roles("beforehand"), "workflows", everywhere=False))
    assert {right.namespace for right in asked} == {"workflows"}
