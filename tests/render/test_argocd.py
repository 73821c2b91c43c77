"""kustomize/argocd: the project allows what the environments hold and no more, in the right order, both ways alike."""

import json
import subprocess
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
import yaml

from idag.overlays import build
from idag.toolchain import tool
from scripts.chart.render.project import ENVIRONMENTS, ROOT

KUSTOMIZE = ROOT / "kustomize"
# Kinds without a namespace.
CLUSTER_WIDE = {
    "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}  # fmt: skip
POLICIES = ("admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy",)
# What Deployments make, for Argo CD to show.
SHOWN = {("apps", "ReplicaSet"), ("", "Pod")}
WAVE = "argocd.argoproj.io/sync-wave"
WAYS = ("argocd", "argocd/applications", "argocd/helm")


@cache
def objects(folder: str) -> list[build.Object]:
    return build.objects(build.build(KUSTOMIZE / folder))


@cache
def as_argocd(folder: str) -> list[build.Object]:
    """The objects as Argo CD builds them: it tells helm what the cluster serves, so the policies are among them."""
    return build.objects(build.build(KUSTOMIZE / folder, apis=POLICIES))


@cache
def project() -> build.Object:
    (found,) = [item for item in objects("argocd") if item["kind"] == "AppProject"]
    spec: build.Object = found["spec"]
    return spec


def group(item: build.Object) -> str:
    return str(item["apiVersion"]).rpartition("/")[0]


def deployed() -> list[build.Object]:
    """Everything that Argo CD applies, and the namespaces it creates for it."""
    found = objects("crds") + [item for name in ENVIRONMENTS for item in as_argocd(f"overlays/{name}")]
    namespaces = {app["spec"]["destination"]["namespace"] for app in applications("argocd/applications")}
    return found + [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in namespaces]


def applications(folder: str) -> list[build.Object]:
    return [item for item in objects(folder) if item["kind"] == "Application"]


def generated() -> list[build.Object]:
    """What the ApplicationSet makes of its elements."""
    (found,) = [item["spec"] for item in objects("argocd") if item["kind"] == "ApplicationSet"]
    result = []
    for element in found["generators"][0]["list"]["elements"]:
        text = yaml.safe_dump(found["template"])
        for key, value in element.items():
            text = text.replace(f"{{{{.{key}}}}}", value)
        result.append(yaml.safe_load(text))
    return result


def test_the_project_allows_every_object_and_nothing_that_is_not_there() -> None:
    wide = {(group(item), item["kind"]) for item in deployed() if item["kind"] in CLUSTER_WIDE}
    narrow = {(group(item), item["kind"]) for item in deployed() if item["kind"] not in CLUSTER_WIDE}
    assert {(rule["group"], rule["kind"]) for rule in project()["clusterResourceWhitelist"]} == wide
    assert {(rule["group"], rule["kind"]) for rule in project()["namespaceResourceWhitelist"]} == narrow | SHOWN


def test_cluster_wide_objects_are_allowed_by_name() -> None:
    rules = project()["clusterResourceWhitelist"]
    assert all(rule["name"].rstrip("*") for rule in rules)
    for item in deployed():
        if item["kind"] in CLUSTER_WIDE:
            name = item["metadata"]["name"]
            patterns = [rule["name"] for rule in rules if rule["kind"] == item["kind"]]
            assert any(fnmatchcase(name, pattern) for pattern in patterns), f"{item['kind']} {name} is not {patterns}"


def test_the_project_allows_the_namespaces_of_the_environments_and_no_pattern() -> None:
    allowed = {(place["server"], place["namespace"]) for place in project()["destinations"]}
    used = {tuple(app["spec"]["destination"][key] for key in ("server", "namespace")) for app in generated()}
    assert allowed == used
    assert not [namespace for _, namespace in allowed if "*" in namespace]
    assert {item["metadata"]["namespace"] for item in deployed() if item["kind"] not in CLUSTER_WIDE} == {
        namespace for _, namespace in used
    }


@pytest.mark.parametrize("folder", WAYS)
def test_every_source_is_one_that_the_project_allows(folder: str) -> None:
    for app in applications(folder) + (generated() if folder == "argocd" else []):
        spec = app["spec"]
        sources = spec.get("sources") or [spec["source"]]
        assert {source["repoURL"] for source in sources} <= set(project()["sourceRepos"])
        assert spec["project"] == "implementation-dag"
        for source in sources:
            if "path" in source:
                assert (ROOT / source["path"]).is_dir()


def test_the_plain_applications_are_those_of_the_set() -> None:
    plain = {app["metadata"]["name"]: app for app in applications("argocd/applications")}
    for app in generated():
        twin = plain[app["metadata"]["name"]]
        twin["metadata"].pop("namespace", None)
        assert (app["metadata"], app["spec"]) == (twin["metadata"], twin["spec"])
    assert len(plain) == len(generated()) + 1


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_second_way_runs_the_same_release(name: str) -> None:
    (helm,) = [app for app in applications("argocd/helm") if app["metadata"]["name"].endswith(name)]
    spec = helm["spec"]
    chart = (spec.get("sources") or [spec["source"]])[0]["helm"]
    release = yaml.safe_load((KUSTOMIZE / "overlays" / name / "chart" / "release.yaml").read_text())
    assert (chart["releaseName"], spec["destination"]["namespace"]) == (release["releaseName"], release["namespace"])
    assert chart["valueFiles"][0].endswith(f"kustomize/overlays/{name}/values.yaml")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_second_way_makes_the_same_objects(name: str) -> None:
    """Helm reads the overlay's values and nothing of the base: they must be whole."""
    (app,) = [app for app in applications("argocd/helm") if app["metadata"]["name"].endswith(name)]
    spec, values = app["spec"], KUSTOMIZE / "overlays" / name / "values.yaml"
    chart = (spec.get("sources") or [spec["source"]])[0]["helm"]
    command = [str(tool("helm3")), "template", chart["releaseName"], str(ROOT / "charts" / "implementation-dag")]
    command += ["--namespace", spec["destination"]["namespace"], "--values", str(values)]
    command += [f"--set-json={key}={json.dumps(value)}" for key, value in chart["valuesObject"].items()]
    command += [f"--api-versions={api}" for api in POLICIES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert by_key(build.objects(done.stdout)) == by_key(map(without_wave, as_argocd(f"overlays/{name}")))


def by_key(items: Iterable[build.Object]) -> dict[tuple[str, str], build.Object]:
    return {(item["kind"], item["metadata"]["name"]): item for item in items}


def without_wave(item: build.Object) -> build.Object:
    metadata = dict(item["metadata"])
    others = {key: text for key, text in metadata.pop("annotations", {}).items() if key != WAVE}
    return item | {"metadata": metadata | ({"annotations": others} if others else {})}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_waves_put_policies_before_rights_before_settings_before_templates_before_pods(name: str) -> None:
    waves: dict[str, set[int]] = {}
    for item in as_argocd(f"overlays/{name}"):
        waves.setdefault(step(item["kind"]), set()).add(wave(item["metadata"]))
    assert waves["policy"] == {-3}
    assert (waves["rights"], waves["settings"], waves["templates"], waves["pods"]) == ({-2}, {-1}, {0}, {1})
    # Argo CD does not wait for the health of the last wave: a broken controller must not hold up its repair.
    assert max(wave for found in waves.values() for wave in found) == 1


def step(kind: str) -> str:
    if kind.startswith("ValidatingAdmissionPolicy") or kind == "NetworkPolicy":
        return "policy"
    if kind == "ServiceAccount" or "Role" in kind:
        return "rights"
    return {"ConfigMap": "settings", "ExternalSecret": "settings", "Deployment": "pods", "CronJob": "pods"}.get(
        kind, "templates" if kind in ("WorkflowTemplate", "CronWorkflow") else "others"
    )


def wave(metadata: dict[str, Any]) -> int:
    return int(metadata.get("annotations", {}).get(WAVE, "0"))


def test_every_port_names_its_protocol() -> None:
    """It is part of a port's key: Argo CD compares by that key before the API server has filled in TCP."""
    containers = [
        container
        for item in deployed()
        if item["kind"] == "Deployment"
        for container in item["spec"]["template"]["spec"]["containers"]
    ]
    ports = [port for container in containers for port in container.get("ports", ())]
    assert ports
    assert [port for port in ports if "protocol" not in port] == []
