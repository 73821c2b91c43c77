"""What users get wrong is named, with what to do."""

from typing import Any

import pytest

from idag.doctor import checks
from idag.doctor.cluster import Cluster
from implementation_dag.check.finding import Finding, Level


def crd(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"properties": {"spec": spec}}}
    return {"metadata": {"name": name}, "spec": {"versions": [{"schema": schema}]}}


def deployment(name: str, image: str, ready: int = 1) -> dict[str, Any]:
    containers = [{"image": image}]
    return {
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"containers": containers}}},
        "status": {"readyReplicas": ready},
    }


GOOD_CRD = crd(
    "workflowtemplates.argoproj.io",
    {"properties": {"podGC": {"properties": {"deleteDelayDuration": {"type": "string"}}}}},
)


def cluster(**objects: Any) -> Cluster:
    return Cluster(
        "workflows", "implementation-dag", "v1.35.4", "", {key.replace("_", " "): item for key, item in objects.items()}
    )


def problems(check: checks.Check, found: Cluster) -> list[Finding]:
    return [finding for finding in check(found) if finding.level == Level.PROBLEM]


@pytest.mark.parametrize(("version", "bad"), [("v1.30.9", 1), ("v1.31.0", 0), ("v1.36.1+k3s1", 0)])
def test_kubernetes(version: str, bad: int) -> None:
    assert len(problems(checks.kubernetes, Cluster("n", "r", version))) == bad


def test_argo_that_is_not_installed() -> None:
    found = problems(checks.argo, cluster())
    assert "not installed" in found[0].message


def test_argo_crds_that_are_too_old() -> None:
    old = crd("workflowtemplates.argoproj.io", {"properties": {"podGC": {"properties": {}}}})
    found = problems(checks.argo, cluster(customresourcedefinitions=[old]))
    assert "deleteDelayDuration" in found[0].message


@pytest.mark.parametrize(
    ("image", "bad"),
    [("argo:v4.0.5", 0), ("argo:v4.0.4", 1), ("argo:v3.7.14", 0), ("argo:v3.6.0", 1), ("argo:v5.0.0", 0)],
)
def test_argo_versions(image: str, bad: int) -> None:
    found = cluster(customresourcedefinitions=[GOOD_CRD], all_deployments=[deployment("workflow-controller", image)])
    assert len(problems(checks.argo, found)) == bad


def test_an_image_that_was_not_pushed() -> None:
    template = {"metadata": {"name": "implementation-dag"}}
    controller = deployment("implementation-dag-controller", "registry.example.com/x:1", ready=0)
    names = ("docsruns.taskmaster.io", "agentruns.implementation-dag.dev", "previews.implementation-dag.dev")
    ours = [crd(name, {}) for name in names]
    found = cluster(customresourcedefinitions=ours, workflowtemplates=[template], deployments=[controller])
    told = problems(checks.release, found)
    assert [(item.subject, item.message) for item in told] == [
        ("DocsRun controller", "not ready (image registry.example.com/x:1)"),
        ("provisioner", "not ready (image none)"),
    ]


def test_a_coderun_template_without_the_commit() -> None:
    dag = {"tasks": [{"name": "implement", "templateRef": {"name": "coderun-template", "template": "coderun-main"}}]}
    caller = {"metadata": {"name": "implementation-dag"}, "spec": {"templates": [{"name": "dag", "dag": dag}]}}
    assert "not there" in problems(checks.coderun, cluster(workflowtemplates=[caller]))[0].message
    main = {"name": "coderun-main", "inputs": {"parameters": [{"name": "github-app"}]}}
    platform = {"metadata": {"name": "coderun-template"}, "spec": {"templates": [main]}}
    found = problems(checks.coderun, cluster(workflowtemplates=[caller, platform]))
    assert found[0].message == "lacks input commit, input branch, output commit"


def test_no_ingress_class() -> None:
    assert problems(checks.ingress, cluster(ingressclasses=[]))[0].message == "no IngressClass"


def test_a_secret_without_its_keys() -> None:
    settings = '{"git": {"credentialsSecret": "token"}, "preview": {"pullSecrets": []}}'
    secret = {"metadata": {"name": "token"}, "data": {"username": "eA=="}}
    found = cluster(deployments=[provisioner("", settings)], secrets=[secret])
    assert problems(checks.references, found)[0].message == "secret token lacks password"


def provisioner(objects: str, settings: str = "{}") -> dict[str, Any]:
    """The Deployment of a provisioner that puts these objects into each preview."""
    container = {"env": [{"name": "OBJECTS", "value": objects}, {"name": "SETTINGS", "value": settings}]}
    template = {"spec": {"containers": [container]}}
    return {"metadata": {"name": "implementation-dag-provisioner"}, "spec": {"template": template}}


def test_a_namespace_that_the_policies_name_is_missing() -> None:
    text = "matchLabels:\n  kubernetes.io/metadata.name: ingress\n"
    found = cluster(deployments=[provisioner(text)], namespaces=[])
    assert "kubernetes.io/metadata.name=ingress" in problems(checks.network, found)[0].message
