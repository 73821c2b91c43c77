"""Strict means strict: each wrong object below is refused with the field's path, on every supported Kubernetes."""

import copy
from typing import Any

import pytest

from idag.render.targets import KUBERNETES
from idag.schemas import SchemaError, validate
from idag.schemas.embedded import find

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
        },
    },
}
WORKFLOW: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "WorkflowTemplate",
    "metadata": {"name": "build"},
    "spec": {"templates": [{"name": "main", "container": {"name": "", "image": "registry.example.com/build:1"}}]},
}
CUSTOM: dict[str, dict[str, Any]] = {
    "argoproj.io/v1alpha1 CronWorkflow": {"schedules": ["0 4 * * *"], "workflowSpec": {"entrypoint": "main"}},
    "argoproj.io/v1alpha1 Application": {
        "project": "previews",
        "destination": {"namespace": "workflows", "name": "in-cluster"},
        "source": {"repoURL": "https://git.example.com/a.git", "path": "kustomize"},
    },
    "argoproj.io/v1alpha1 AppProject": {"sourceRepos": ["https://git.example.com/a.git"]},
    "monitoring.coreos.com/v1 PrometheusRule": {
        "groups": [{"name": "a", "rules": [{"alert": "A", "expr": "up == 0"}]}]
    },
    "monitoring.coreos.com/v1 ServiceMonitor": {"selector": {}, "endpoints": [{"port": "metrics"}]},
    "external-secrets.io/v1 ExternalSecret": {
        "secretStoreRef": {"name": "vault"},
        "data": [{"secretKey": "token", "remoteRef": {"key": "github"}}],
    },
    "external-secrets.io/v1 SecretStore": {"provider": {"fake": {"data": [{"key": "a", "value": "b"}]}}},
    "generators.external-secrets.io/v1alpha1 GithubAccessToken": {
        "appID": "1",
        "installID": "2",
        "auth": {"privateKey": {"secretRef": {"name": "app", "key": "key"}}},
    },
    "gateway.networking.k8s.io/v1 HTTPRoute": {
        "hostnames": ["a.example.com"],
        "rules": [{"backendRefs": [{"name": "a"}]}],
    },
    "cert-manager.io/v1 Certificate": {"secretName": "tls", "issuerRef": {"name": "ca"}, "dnsNames": ["a.example.com"]},
    "security.istio.io/v1 PeerAuthentication": {"mtls": {"mode": "STRICT"}},
}


def custom(name: str) -> dict[str, Any]:
    version, kind = name.split()
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": copy.deepcopy(CUSTOM[name])}


@pytest.mark.parametrize("minor", KUBERNETES)
def test_a_field_that_kubernetes_does_not_know_is_refused(minor: str) -> None:
    assert not validate([DEPLOYMENT], minor)
    wrong = copy.deepcopy(DEPLOYMENT)
    wrong["spec"]["template"]["spec"]["containers"][0]["envv"] = []
    (fault,) = validate([wrong], minor)
    assert str(fault).startswith(
        "Deployment/shop/web spec.template.spec.containers[web]: unknown field envv; meant env?"
    )


@pytest.mark.parametrize("minor", KUBERNETES)
def test_null_for_a_number_or_a_text_is_none_as_the_api_server_takes_it(minor: str) -> None:
    """nats-operator's chart leaves maxSurge empty."""
    item = copy.deepcopy(DEPLOYMENT)
    item["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": None, "maxUnavailable": "25%"}}
    assert not validate([item], minor)
    item["spec"]["strategy"]["rollingUpdate"]["maxSurge"] = [1]
    (fault,) = validate([item], minor)
    assert fault.path == "spec.strategy.rollingUpdate.maxSurge"


def test_a_workflow_must_fit_every_supported_argo() -> None:
    assert not validate([WORKFLOW], "1.36")
    wrong = copy.deepcopy(WORKFLOW)
    wrong["spec"]["outputs"] = {"parameters": []}
    faults = validate([wrong], "1.36")
    assert {fault.schema for fault in faults} == {"argo-workflows-4.0", "argo-workflows-3.7", "argo-workflows-3.6"}
    assert {fault.path for fault in faults} == {"spec"}


@pytest.mark.parametrize("name", sorted(CUSTOM))
def test_a_custom_kind_is_checked_by_its_crds_own_schema(name: str) -> None:
    assert not validate([custom(name)], "1.31")
    wrong = custom(name)
    wrong["spec"]["notAField"] = 1
    faults = validate([wrong], "1.31")
    assert faults
    assert all("unknown field notAField" in fault.message for fault in faults)


def test_a_kind_without_a_schema_is_a_fault() -> None:
    (fault,) = validate([{"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}}], "1.36")
    assert "no schema for Thing example.org/v1" in fault.message


def test_a_kind_that_the_version_does_not_have_yet_is_a_fault() -> None:
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1beta1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": "a"},
    }
    assert "no schema" in validate([policy], "1.31")[0].message
    assert not validate([policy], "1.35")


def test_a_crd_among_the_objects_gives_the_schema_of_its_kind() -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                }
            ],
        },
    }
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "size": "big"}
    (fault,) = validate([crd, thing], "1.36")
    assert (fault.address, fault.path) == ("Thing/a", "size")


def test_manifests_inside_other_objects_are_checked_too() -> None:
    text = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\nspec: {limit: []}\n"
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fences"}, "data": {"objects.yaml": text}}
    faults = validate([config], "1.36")
    assert any("data.objects.yaml LimitRange spec: unknown field limit" in str(fault) for fault in faults)
    workflow = copy.deepcopy(WORKFLOW)
    artifact = {"name": "fences", "path": "/input/fences.yaml", "raw": {"data": text}}
    workflow["spec"]["templates"] = [{"name": "main", "inputs": {"artifacts": [artifact]}, "suspend": {}}]
    faults = validate([workflow], "1.36")
    assert any("artifacts[fences] LimitRange spec: unknown field limit" in str(fault) for fault in faults)
    manifest = 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\nspec: {nodeName: "{{workflow.name}}", x: 1}\n'
    workflow["spec"]["templates"] = [{"name": "main", "resource": {"action": "create", "manifest": manifest}}]
    faults = validate([workflow], "1.36")
    assert any("spec.templates[main].resource.manifest Pod spec: unknown field x" in str(fault) for fault in faults)


def test_a_program_s_own_file_is_no_object() -> None:
    text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles: []\n"
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "scheduler"}, "data": {"config.yaml": text}}
    assert list(find(item)) == []
    item["data"] = {"config.yaml": text.replace("kubescheduler.config.k8s.io", "apps")}
    assert [document["kind"] for _, document in find(item)] == ["KubeSchedulerConfiguration"]


def test_a_kubernetes_without_schemas_is_an_error() -> None:
    with pytest.raises(SchemaError, match=r"no schemas for Kubernetes 1\.99; it has"):
        validate([DEPLOYMENT], "1.99")


def test_manifests_in_variables_of_a_deployment_are_found() -> None:
    deployment = copy.deepcopy(DEPLOYMENT)
    inner = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {price: $$5}\n"
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "OBJECTS", "value": inner}, {"name": "X"}]
    ((path, found),) = find(deployment)
    assert path == "spec.template.spec.containers[web].env[OBJECTS]"
    assert found["data"] == {"price": "$5"}
