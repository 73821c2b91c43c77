"""What companies set around the pipeline: identities in a cloud, placement, labels, users, proxies."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import implementation_dag
from idag.render import Objects, RenderError, Suite
from idag.render.manifests import load
from idag.render.objects import by_name
from implementation_dag.base import restricted
from implementation_dag.docsrun.settings import Pods
from scripts.chart.render.plugin import Renderer

NAME = "implementation-dag"
CONTROLLER = f"{NAME}-controller"
CASES = Path(__file__).parent / "cases"
BOXES = {"agents": {"reference": {"enabled": True, "image": "registry.example.com/agents:1"}}}
ACCOUNTS = ("runner", "provisioner", "reporter", "controller")
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/evidence"}


def test_each_identity_has_the_annotations_that_values_give_it(render: Renderer) -> None:
    given = {name: {"annotations": {"example.com/of": name}} for name in ACCOUNTS}
    objects = render(values=BOXES | {"serviceAccounts": given})
    for name, values in given.items():
        assert objects.service_account(f"{NAME}-{name}").annotations == values["annotations"]


def test_no_identity_in_a_cloud_reaches_a_box(render: Renderer, suite: Suite) -> None:
    """A box runs a pull request's code: it gets none of what steps have in a cloud, and no value can give it any."""
    accounts = {name: {"annotations": ROLE} for name in ACCOUNTS}
    objects = render(values=BOXES | {"serviceAccounts": accounts})
    assert objects.service_account(f"{NAME}-box").annotations == {}
    with pytest.raises(RenderError, match="box"):
        suite.render(values={"serviceAccounts": {"box": {"annotations": ROLE}}})


@pytest.mark.parametrize("wrong", [{"no key!": "x"}, {"a/b/c": "x"}, {"example.com/count": 7}])
def test_an_annotation_that_is_none_is_refused(wrong: dict[str, Any], suite: Suite) -> None:
    with pytest.raises(RenderError, match="/serviceAccounts/runner/annotations"):
        suite.render(values={"serviceAccounts": {"runner": {"annotations": wrong}}})


def test_no_pod_is_kept_to_an_architecture() -> None:
    """The image is for several; the policies alone name the label, among those by which previews may choose."""
    snapshots = (CASES.parent / "snapshots").rglob("*.yaml")
    naming = {path.name.partition("_")[0] for path in snapshots if "kubernetes.io/arch" in path.read_text()}
    assert naming == {"validatingadmissionpolicy"}
    runtime = Path(implementation_dag.__file__).parent.rglob("*.py")
    assert not [path.name for path in runtime if "kubernetes.io/arch" in path.read_text()]


PLACE: dict[str, Any] = {
    "nodeSelector": {"pool": "x"},
    "tolerations": [{"key": "x", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 2419200}],
    "affinity": {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 50, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname"}}
            ]
        }
    },
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    "priorityClassName": "batch",
    "runtimeClassName": "gvisor",
}
MARKS = {"labels": {"example.com/team": "a"}, "annotations": {"example.com/cost": "b"}}


def test_every_pod_runs_where_values_say(render: Renderer) -> None:
    """Workflow pods by Argo's patch of the pod, others in their spec; what the controller makes, it is told."""
    given = {name: PLACE | MARKS for name in ("controller", "steps", "agents", "docsruns")}
    objects = render(values=BOXES | {"pods": given, "docsrun": {"replicas": 2}})
    for item in (*objects.of("Deployment"), objects["Pod/workflows/implementation-dag-installation-test"]):
        assert item.pod.items() >= PLACE.items(), item
    template = objects.deployment(CONTROLLER).spec["template"]["metadata"]
    check = objects["Pod/workflows/implementation-dag-installation-test"]
    assert template["labels"].items() >= MARKS["labels"].items()
    assert template["annotations"] == MARKS["annotations"]
    assert check.labels.items() >= MARKS["labels"].items()
    assert check.annotations.items() >= (MARKS["annotations"] | {"helm.sh/hook": "test"}).items()
    steps = [step for item in objects.of("WorkflowTemplate") for step in item.templates.values() if "container" in step]
    assert len(steps) == 4
    for step in steps:
        assert load(step["podSpecPatch"]).items() >= PLACE.items(), step["name"]
        assert step["metadata"]["labels"].items() >= MARKS["labels"].items()
        assert step["metadata"]["annotations"] == MARKS["annotations"]
    environment = by_name(objects.deployment(CONTROLLER).containers["controller"]["env"])
    for name in ("BOX_PODS", "DOCSRUN_PODS"):
        assert Pods.read(environment[name]["value"]) == Pods(PLACE, MARKS["labels"], MARKS["annotations"])


def test_each_workload_has_its_own_place(render: Renderer) -> None:
    names = ("controller", "steps", "agents", "docsruns")
    objects = render(values=BOXES | {"pods": {name: {"nodeSelector": {"pool": name}} for name in names}})
    environment = by_name(objects.deployment(CONTROLLER).containers["controller"]["env"])
    step = objects.workflow_template(NAME).templates["deploy"]
    assert objects.deployment(CONTROLLER).pod["nodeSelector"] == {"pool": "controller"}
    assert load(step["podSpecPatch"])["nodeSelector"] == {"pool": "steps"}
    assert Pods.read(environment["BOX_PODS"]["value"]).placement == {"nodeSelector": {"pool": "agents"}}
    assert Pods.read(environment["DOCSRUN_PODS"]["value"]).placement == {"nodeSelector": {"pool": "docsruns"}}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"nodeName": "a"}, "nodeName"),
        ({"securityContext": {}}, "securityContext"),
        ({"priorityClassName": "system-node-critical"}, "/pods/agents/priorityClassName"),
        ({"tolerations": [{}]}, "/pods/agents/tolerations/0"),
        ({"nodeSelector": {"a": 1}}, "/pods/agents/nodeSelector/a"),
        (
            {"labels": {"implementation-dag.dev/fenced": "implementation-dag"}},
            "/pods/agents/labels/implementation-dag.dev",
        ),
        ({"labels": {"app.kubernetes.io/component": "agent"}}, "/pods/agents/labels/app.kubernetes.io"),
        ({"labels": {"pr": "7"}}, "/pods/agents/labels/pr"),
        ({"affinity": {"nodeAffinity": {"required": []}}}, "/pods/agents/affinity/nodeAffinity"),
    ],
)
def test_what_is_not_placement_is_refused(wrong: dict[str, Any], named: str, suite: Suite) -> None:
    with pytest.raises(RenderError, match=named):
        suite.render(values={"pods": {"agents": wrong}})


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}),
        ({"runAsUser": "", "runAsGroup": "", "fsGroup": ""}, {}),
        ({"runAsUser": 1000700000, "fsGroup": ""}, {"runAsUser": 1000700000, "runAsGroup": 65532}),
    ],
)
def test_pods_run_as_values_say_or_as_the_platform_does(given: Any, ids: dict[str, int], render: Renderer) -> None:
    objects = render(values=BOXES | {"podSecurityContext": given})
    wanted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **ids}
    steps = [step for item in objects.of("WorkflowTemplate") for step in item.templates.values() if "container" in step]
    found = [item.pod for kind in ("Deployment", "Pod") for item in objects.of(kind)] + steps
    assert [pod["securityContext"] for pod in found] == [wanted] * 8
    environment = by_name(objects.deployment(CONTROLLER).containers["controller"]["env"])
    assert restricted.pod(load(environment["POD_IDS"]["value"])) == wanted


@pytest.mark.parametrize(
    "wrong", [{"runAsUser": 0}, {"runAsUser": "root"}, {"runAsNonRoot": False}, {"supplementalGroups": [0]}]
)
def test_no_value_makes_a_pod_root_or_less_than_restricted(wrong: dict[str, Any], suite: Suite) -> None:
    with pytest.raises(RenderError, match=f"podSecurityContext.*{next(iter(wrong))}"):
        suite.render(values={"podSecurityContext": wrong})


def pods_of(objects: Objects) -> dict[str, Any]:
    """Metadata of every pod that the chart or its controller makes, by what makes it."""
    environment = by_name(objects.deployment(CONTROLLER).containers["controller"]["env"])
    made = {name: Pods.read(environment[name]["value"]) for name in ("BOX_PODS", "DOCSRUN_PODS")}
    found = {name: {"labels": pods.labels} for name, pods in made.items()}
    for item in objects.of("WorkflowTemplate"):
        found |= {name: step["metadata"] for name, step in item.templates.items() if "container" in step}
    return found | {"controller": objects.deployment(CONTROLLER).spec["template"]["metadata"]}


def test_common_labels_are_on_every_object_and_every_pod(render: Renderer) -> None:
    label = {"example.com/cost-center": "7"}
    objects = render(values=BOXES | {"commonLabels": label, "policies": {"install": "always"}})
    ours = [item for item in objects.values() if item.kind != "CustomResourceDefinition"]
    assert [item.address for item in ours if not item.labels.items() >= label.items()] == []
    assert [name for name, meta in pods_of(objects).items() if not meta["labels"].items() >= label.items()] == []
    assert label.keys().isdisjoint(objects.deployment(CONTROLLER).spec["selector"]["matchLabels"])


def test_a_label_of_a_workload_wins_over_the_common_one(render: Renderer) -> None:
    names = ("controller", "steps", "agents", "docsruns")
    pods = {name: {"labels": {"example.com/team": name}} for name in names}
    objects = render(values=BOXES | {"commonLabels": {"example.com/team": "all"}, "pods": pods})
    found = {name: meta["labels"]["example.com/team"] for name, meta in pods_of(objects).items()}
    check = objects["Pod/workflows/implementation-dag-installation-test"].labels
    assert (found.pop("controller"), found.pop("BOX_PODS"), found.pop("DOCSRUN_PODS")) == (
        "controller",
        "agents",
        "docsruns",
    )
    assert {*found.values(), check["example.com/team"]} == {"steps"}


def test_the_name_of_objects_may_be_another(render: Renderer) -> None:
    objects = render(values={"nameOverride": "previews"})
    ours = [item for item in objects.values() if item.kind != "CustomResourceDefinition"]
    assert {item.labels["app.kubernetes.io/name"] for item in ours} == {"previews"}
    step = objects.workflow_template(NAME).templates["deploy"]
    assert step["metadata"]["labels"]["app.kubernetes.io/name"] == "previews"


def test_previews_have_the_labels_that_values_give_them_beside_a_mesh_s(render: Renderer) -> None:
    given = {"labels": {"example.com/team": "a"}, "annotations": {"field.cattle.io/projectId": "p"}}
    objects = render(values={"preview": given, "mesh": {"kind": "istio"}, "policies": {"install": "always"}})
    environment = by_name(objects.deployment(f"{NAME}-provisioner").containers["provisioner"]["env"])
    settings = load(environment["SETTINGS"]["value"])
    wanted = given | {"labels": given["labels"] | {"istio-injection": "enabled"}}
    assert settings["preview"].items() >= wanted.items()
    (adds,) = [
        item["expression"]
        for item in objects["ValidatingAdmissionPolicy/implementation-dag-namespaces"].spec["variables"]
        if item["name"] == "adds"
    ]
    assert 'dyn({"example.com/team":"a","istio-injection":"enabled"})' in adds
    assert 'dyn({"field.cattle.io/projectId":"p"})' in adds


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("pod-security.kubernetes.io/enforce", "labels"),
        ("kubernetes.io/metadata.name", "labels"),
        ("implementation-dag.dev/release", "labels"),
        ("managed-by", "labels"),
        ("istio-injection", "labels"),
        ("istio.io/rev", "labels"),
        ("implementation-dag.dev/host", "annotations"),
        ("linkerd.io/inject", "annotations"),
        ("janitor/expires", "annotations"),
    ],
)
def test_what_the_pipeline_says_of_a_preview_no_value_says(key: str, field: str, suite: Suite) -> None:
    with pytest.raises(RenderError, match=f"/preview/{field}/{key.replace('/', '~1')}"):
        suite.render(values={"preview": {field: {key: "x"}}})


def test_the_controller_has_the_further_environment_of_values(render: Renderer) -> None:
    environment = by_name(
        render(values={"docsrun": {"extraEnv": {"A": "1", "true": "2"}}})
        .deployment(CONTROLLER)
        .containers["controller"]["env"]
    )
    assert environment["A"] == {"name": "A", "value": "1"}
    assert environment["true"] == {"name": "true", "value": "2"}


def test_what_the_runtime_reads_itself_is_refused_as_further_environment(render: Renderer, suite: Suite) -> None:
    runtime = Path(implementation_dag.__file__).parent
    code = "".join((runtime / name).read_text() for name in ("docsrun/settings.py", "controller.py", "base/proxy.py"))
    read = set(re.findall(r'env(?:iron)?(?:\.get\(|\.setdefault\(|\[)"(\w+)"', code))
    given = {
        item["name"] for item in render("every-value").deployment("previews-controller").containers["controller"]["env"]
    }
    extra = load((CASES / "every-value.yaml").read_text())["docsrun"]["extraEnv"].keys()
    assert len(read) > 15
    wrong = (read | given) - extra | {"HTTPS_PROXY", "KUBERNETES_SERVICE_HOST"}
    with pytest.raises(RenderError) as refused:
        suite.render(values={"docsrun": {"extraEnv": dict.fromkeys(wrong, "x")}})
    assert [name for name in wrong if f"'/docsrun/extraEnv/{name}'" not in str(refused.value)] == []


def test_objects_of_ones_own_come_as_they_are_or_as_a_template(render: Renderer) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Release.Name }}-x'}\nstringData: {a: '{{ 1 }}'}"
    whole = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": "x", "namespace": "monitoring"},
        "spec": {"sampleLimit": 2419200, "note": "{{ .Release.Name }}"},
    }
    objects = render(values={"extraObjects": [text, whole]})
    assert objects["Secret/implementation-dag-x"].data["stringData"] == {"a": "1"}
    assert objects["PodMonitor/monitoring/x"].data == whole


@pytest.mark.parametrize("wrong", ["", 7, {"kind": "ConfigMap"}])
def test_what_is_no_object_is_refused(wrong: Any, suite: Suite) -> None:
    with pytest.raises(RenderError, match="extraObjects"):
        suite.render(values={"extraObjects": [wrong]})


def test_the_proxy_reaches_what_goes_out_and_nothing_by_its_usual_name(render: Renderer) -> None:
    proxy = {"httpsProxy": "http://proxy.corp:3128", "noProxy": ".corp"}
    objects = render(values=BOXES | {"proxy": proxy})
    steps = {name: step for item in objects.of("WorkflowTemplate") for name, step in item.templates.items()}
    told = {name for name, step in steps.items() if "PROXY" in by_name(step.get("container", {}).get("env", []))}
    assert told == {"deploy", "coderun-main"}
    check = objects["Pod/workflows/implementation-dag-installation-test"].containers["check"]
    controller = objects.deployment(CONTROLLER).containers["controller"]
    provisioner = objects.deployment(f"{NAME}-provisioner").containers["provisioner"]
    for container in (check, controller, provisioner, steps["deploy"]["container"]):
        given = load(by_name(container["env"])["PROXY"]["value"])
        assert given == proxy | {"httpProxy": "", "agents": False}
    assert "_proxy" not in str(objects.plain).lower()


@pytest.mark.parametrize("name", ["httpProxy", "httpsProxy"])
def test_either_proxy_is_enough(name: str, render: Renderer) -> None:
    environment = by_name(
        render(values={"proxy": {name: "http://p:1"}}).deployment(CONTROLLER).containers["controller"]["env"]
    )
    nothing = {"httpProxy": "", "httpsProxy": "", "noProxy": "", "agents": False}
    assert load(environment["PROXY"]["value"]) == nothing | {name: "http://p:1"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"httpsProxy": "http://user:word@proxy.corp:3128"}, "/proxy/httpsProxy"),
        ({"httpProxy": "proxy.corp:3128"}, "/proxy/httpProxy"),
        ({"noProxy": "a, b"}, "/proxy/noProxy"),
    ],
)
def test_a_proxy_that_cannot_be_or_holds_a_password_is_refused(wrong: dict[str, str], named: str, suite: Suite) -> None:
    with pytest.raises(RenderError, match=named):
        suite.render(values={"proxy": wrong})


def test_two_of_it_in_one_release_share_nothing(render: Renderer) -> None:
    """As parts of another chart: no name, and no pod that both controllers' selectors find."""
    names = ("blue", "green-previews-of-the-platform-team")
    objects = render("umbrella", values={name: {"policies": {"install": "always"}} for name in names})
    first, second = (item for item in objects.of("Deployment") if item.name.endswith("-controller"))
    assert (first.name, second.name) == (f"{NAME}-blue-controller", f"{NAME}-green-previe-e772bbda-controller")
    for one, other in ((first, second), (second, first)):
        selector = one.spec["selector"]["matchLabels"]
        assert {"app.kubernetes.io/name", "app.kubernetes.io/instance"} <= selector.keys()
        assert selector.items() <= one.spec["template"]["metadata"]["labels"].items()
        assert not selector.items() <= other.spec["template"]["metadata"]["labels"].items()
    assert [item.spec["selector"] for item in objects.of("PodDisruptionBudget")] == [first.spec["selector"]]
    assert first.pod["topologySpreadConstraints"][0]["labelSelector"] == first.spec["selector"]
    assert len(objects.of("ValidatingAdmissionPolicy")) == 40


@pytest.mark.parametrize(
    ("name", "whole"),
    [("ab-cd_ef", f"{NAME}-ab-cd-ef"), ("a" * 21, f"{NAME}-{'a' * 21}"), ("A" * 22, f"{NAME}-{'a' * 12}-")],
)
def test_a_part_is_called_by_release_and_alias(name: str, whole: str, suite: Suite) -> None:
    case = replace(suite.case("default"), aliases=(name,))
    (template,) = suite.render(case).objects.of("WorkflowTemplate")
    assert template.name.startswith(whole)
    assert len(template.name) <= 40
    assert suite.render(case, values={name: {"fullnameOverride": "own"}}).objects.workflow_template("own")


def test_every_situation_of_the_chart_is_a_case(suite: Suite) -> None:
    found = {name for name in suite.cases if name.startswith("ci/")}
    assert found == {f"ci/{name}" for name in ("default", "gitops", "irsa", "minimal", "openshift", "proxy")}
