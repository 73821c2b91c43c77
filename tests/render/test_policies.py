"""policies/admission is what the chart installs; `make snapshots` writes it."""

import itertools
import json
from pathlib import Path

import pytest
import yaml

from idag.render import Manifest, Object, RenderError, Suite, helm
from scripts.chart.render.project import CHART
from scripts.chart.render.standalone import POLICIES, differences, policies


def test_the_standalone_set_is_the_chart_s() -> None:
    assert differences(policies(), POLICIES) == []


def test_without_a_cluster_that_serves_them_none_are_rendered() -> None:
    assert policies({"policies": {"install": "auto"}}) == []


# What honest charts break too; the others guard other people against a preview, and refuse whatever the mode.
BY_MODE = {"budgets", "claims", "ingresses", "metadata", "placement", "pods", "routes", "services"}
ALWAYS = {"accounts", "addresses", "credentials", "deletions", "fences", "hosts", "namespaces", "reach"}


@pytest.mark.parametrize(
    ("mode", "actions"), [("enforce", ["Deny"]), ("warn", ["Warn", "Audit"]), ("audit", ["Audit"])]
)
def test_the_mode_decides_what_a_violation_does(mode: str, actions: list[str]) -> None:
    found = policies({"policies": {"install": "always", "mode": mode}})
    told = {
        item["spec"]["policyName"].removeprefix("implementation-dag-"): item["spec"]["validationActions"]
        for item in found
        if item["kind"] == "ValidatingAdmissionPolicyBinding"
    }
    assert len(told) == len(found) / 2
    assert {name for name, done in told.items() if done == ["Deny"]} >= ALWAYS
    assert {name: told[name] for name in BY_MODE} == dict.fromkeys(BY_MODE, actions)


def looked_at(item: Object, group: str, resource: str, operation: str) -> bool:
    """Whether the policy matches such requests."""
    return any(
        {group, "*"} & {*rule["apiGroups"]}
        and {resource, "*"} & {*rule["resources"]}
        and operation in rule["operations"]
        for rule in item["spec"]["matchConstraints"]["resourceRules"]
    )


# Which policies look at what a preview's chart may create and change, beside `metadata`, which looks at everything.
WORKLOAD = {"claims", "placement", "pods"}
LOOKED_AT = {
    "configmaps": set[str](),
    "secrets": {"credentials"},
    "serviceaccounts": {"credentials"},
    "services": {"addresses", "services"},
    "persistentvolumeclaims": {"claims"},
    "pods": WORKLOAD,
    "deployments": WORKLOAD,
    "statefulsets": WORKLOAD,
    "daemonsets": WORKLOAD,
    "replicasets": WORKLOAD,
    "jobs": WORKLOAD,
    "cronjobs": WORKLOAD,
    # It sets nothing but a number, which the quota of pods bounds.
    "horizontalpodautoscalers": set[str](),
    "poddisruptionbudgets": {"budgets"},
    "ingresses": {"hosts", "ingresses"},
    "httproutes": {"hosts", "routes"},
}


def test_whatever_a_preview_may_create_is_looked_at(suite: Suite) -> None:
    """A right that previews get is a line in this table: which policy holds what can be done with it."""
    role = suite.render(values={"policies": {"install": "always"}}).objects["ClusterRole/implementation-dag-preview"]
    found: dict[str, set[str]] = {}
    mine = [item for item in policies() if item["kind"] == "ValidatingAdmissionPolicy"]
    scoped = {
        item["spec"]["policyName"]
        for item in policies()
        if item["kind"] == "ValidatingAdmissionPolicyBinding"
        and "implementation-dag.dev/release"
        in item["spec"].get("matchResources", {}).get("namespaceSelector", {}).get("matchLabels", {})
    }
    for rule in role.data["rules"]:
        for operation in {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE"}.items():
            if operation[0] not in rule["verbs"]:
                continue
            for group, resource in itertools.product(rule["apiGroups"], rule["resources"]):
                names = {
                    item["metadata"]["name"].removeprefix("implementation-dag-")
                    for item in mine
                    if item["metadata"]["name"] in scoped and looked_at(item, group, resource, operation[1])
                }
                assert "metadata" in names, resource
                found.setdefault(resource, names - {"metadata"})
                assert found[resource] == names - {"metadata"}, f"{resource}: other policies when it is changed"
    assert found == LOOKED_AT


def test_what_is_counted_is_bounded(suite: Suite) -> None:
    """Every kind that previews may create has a count in the quota, so bytes and finished pods have an end."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    role = suite.render().objects["ClusterRole/implementation-dag-preview"]
    created = {
        f"{resource}.{group}".rstrip(".")
        for rule in role.data["rules"]
        if "create" in rule["verbs"]
        for group, resource in itertools.product(rule["apiGroups"], rule["resources"])
    }
    counted = {key.removeprefix("count/") for key in values["preview"]["quota"]}
    assert created <= counted


def addresses(items: list[Object]) -> set[str]:
    return {Manifest(item).address for item in items}


def test_two_releases_share_no_name_and_no_preview() -> None:
    first = policies()
    second = policies({"policies": {"install": "always"}, "fullnameOverride": "staging"})
    assert not addresses(first) & addresses(second)
    selected = {
        str(item["spec"]["matchResources"]["namespaceSelector"]["matchLabels"].get("implementation-dag.dev/release"))
        for item in second
        if "matchResources" in item["spec"]
    }
    # None: the one that looks at the release namespace.
    assert selected == {"staging", "None"}


@pytest.mark.parametrize(("mesh", "audience"), [("istio", "istio-ca"), ("linkerd", "identity.l5d.io"), ("none", "")])
def test_the_tokens_that_a_mesh_gives_to_every_pod_are_let_in(mesh: str, audience: str) -> None:
    found = policies({"policies": {"install": "always"}, "mesh": {"kind": mesh}})
    (pods,) = [
        item
        for item in found
        if item["metadata"]["name"] == "implementation-dag-pods" and item["kind"] == "ValidatingAdmissionPolicy"
    ]
    (rule,) = [item["expression"] for item in pods["spec"]["validations"] if "audience" in item["expression"]]
    wanted = ["", *filter(None, [audience])]
    assert json.dumps(wanted, separators=(",", ":")) in rule


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ("{policies: {install: null}}", "policies install"),
        ("{policies: {mode: null}}", "policies mode"),
        ("{policies: null}", "policies"),
        ("{policies: {annotations: {allowed: null}}}", "policies.annotations allowed"),
        ("{policies: {annotations: null}}", "policies annotations"),
        ("{policies: {labels: {allowed: null}}}", "policies.labels allowed"),
        ("{policies: {fenceKeepers: {users: null}}}", "policies.fenceKeepers users"),
        ("{policies: {pods: {tolerations: null}}}", "policies.pods tolerations"),
        ("{policies: {paths: ''}}", "policies.paths"),
        ("{policies: {paths: '('}}", "policies.paths"),
        ("{policies: {bytes: {data: 1e9}}}", "policies.bytes.data"),
        ("{policies: {annotations: {allowed: ['*']}}}", "policies.annotations.allowed.0"),
        ("{policies: {annotations: {allowed: ['nginx.ingress.kubernetes.io*']}}}", "policies.annotations.allowed.0"),
        ("{policies: {annotations: {refused: [x]}}}", "policies.annotations refused"),
        ("{policies: {gateways: [shared]}}", "policies.gateways.0"),
        ("{policies: {pods: {volumes: []}}}", "policies.pods.volumes"),
        ("{policies: {pods: {graceSeconds: 31536000}}}", "policies.pods.graceSeconds"),
        ("{preview: {quota: null}}", "preview quota"),
        ("{preview: {quota: {pods: null}}}", "preview.quota pods"),
        ("{preview: {limits: null}}", "preview limits"),
        ("{preview: {limits: {max: {memory: null}}}}", "preview.limits.max memory"),
    ],
)
@pytest.mark.parametrize("binary", ["helm3", "helm4"])
def test_an_empty_or_wide_value_is_refused_by_name(values: str, named: str, binary: str, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(values)
    with pytest.raises(RenderError) as refusal:
        helm.template(CHART, path, helm=binary)
    # The two Helms write paths in their own ways.
    told = str(refusal.value).replace("/", ".")
    assert all(word in told for word in named.split()), told
