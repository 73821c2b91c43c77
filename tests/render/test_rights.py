"""Who can become whom, as rights.yaml says it; and what nobody can, whatever the values."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from idag.render import Case, helm
from idag.render.manifests import load
from implementation_dag.check.rights import Identity
from scripts.chart.render.project import CHART, SUITE
from scripts.chart.rights import snapshot
from scripts.chart.rights.limits import Policies

CASES = [case for case in SUITE.cases.values() if case.values and not case.aliases]
POLICY_CASES = CHART.parents[1] / "policies" / "cases"
RELEASE, NAMESPACE = snapshot.RELEASE, snapshot.NAMESPACE
WHOLE = "IS THE WHOLE CLUSTER"


def test_the_snapshot_is_fresh() -> None:
    assert snapshot.FILE.read_text() == snapshot.text(), "make rights, then read the diff"


def become(objects: list[Any], policies: bool) -> dict[str, str]:
    return {name: "\n".join(found) for name, found in snapshot.become(objects, RELEASE, NAMESPACE, policies).items()}


@pytest.mark.parametrize("situation", CASES, ids=lambda situation: situation.name)
def test_nobody_becomes_more_than_previews_whatever_the_values(situation: Case) -> None:
    objects = helm.template(CHART, situation.values)
    deployments = [item["metadata"]["name"] for item in objects if item["kind"] == "Deployment"]
    (controller,) = [name for name in deployments if name.endswith("-controller")]
    release = controller.removesuffix("-controller")
    clustered = any(item["kind"] == "ClusterRole" and item["metadata"]["name"] == f"{release}-role" for item in objects)
    found = snapshot.become(objects, release, NAMESPACE, policies=clustered)
    if not clustered:
        # Without rights in the cluster no policies are installed: its Jobs, and the runs that the provisioner may
        # rewrite, may then be anything (docs/threat-model.md).
        found.pop("controller")
        found.pop("provisioner")
    for name, sentences in found.items():
        assert not [text for text in sentences if text.startswith(WHOLE)], name
        reads = [text for text in sentences if text.startswith("can read Secrets")]
        assert not [text for text in reads if "any other namespace" in text or "the release namespace" in text], name


def test_without_policies_the_runner_is_still_held_by_the_controller() -> None:
    found = become(helm.template(CHART, snapshot.VALUES), policies=False)
    assert WHOLE not in found["runner"]
    # That is what the policies are for.
    assert WHOLE in found["provisioner"]
    assert WHOLE in found["controller"]


@pytest.mark.parametrize(
    "rule",
    [
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
        {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"]},
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    ],
    ids=lambda rule: rule["resources"][0],
)
def test_a_widened_right_shows(rule: dict[str, Any]) -> None:
    objects = copy.deepcopy(helm.template(CHART, snapshot.VALUES))
    (role,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == ("Role", f"{RELEASE}-docsruns")]
    role["rules"].append(rule)
    assert WHOLE in become(objects, policies=True)["runner"]


def told() -> Iterator[Any]:
    """The requests of policies/cases that the computation knows as well."""
    for name in ("identities", "reach"):
        for case in load((POLICY_CASES / f"{name}.yaml").read_text()):
            ours = case["as"] in ("runner", "provisioner", "controller", "deployer")
            if ours and case.get("create", {}).get("kind") in ("RoleBinding", "ConfigMap"):
                yield pytest.param(case, id=f"{name}: {case['name']}")


@pytest.mark.parametrize("case", list(told()))
def test_what_is_told_of_the_policies_is_what_they_do(case: dict[str, Any]) -> None:
    made = case["create"]
    namespace, release = "isolation-policies", "isolation-policies"
    policies = Policies(release, namespace, frozenset(["impl-isolation-pr-1", "impl-isolation-pr-3"]))
    account = "deployer.impl-isolation-pr-1" if case["as"] == "deployer" else case["as"]
    who, place = Identity(namespace, f"{release}-{account}"), made["metadata"]["namespace"]
    allowed = policies.touches(who, place)
    if made["kind"] == "RoleBinding":
        subjects = [Identity(subject.get("namespace", ""), subject["name"]) for subject in made["subjects"]]
        role = made["roleRef"]["name"] if made["roleRef"]["kind"] == "ClusterRole" else ""
        allowed = allowed and all(policies.binds(who, place, role, subject) for subject in subjects)
    assert allowed == ("refused" not in case)
