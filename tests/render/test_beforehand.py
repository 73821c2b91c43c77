"""Previews that an administrator makes beforehand are what the pipeline's own provision step looks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from idag.render import Objects
from idag.render.targets import KUBERNETES
from idag.schemas import validate
from implementation_dag.__main__ import main
from implementation_dag.base.errors import ArgumentError, StepError
from implementation_dag.contract import names
from implementation_dag.preview import preview_objects
from implementation_dag.steps import render_preview
from scripts.chart.render.plugin import Renderer

NAME = "implementation-dag"
CASES = ("beforehand", "linkerd-beforehand", "secrets")
PULLS = ("acme/shop#7", "acme/a-repository-whose-name-is-too-long-for-a-namespace#3", "acme/Shop.API#12")


def listed(objects: Objects) -> dict[str, Any]:
    """The release as kubectl would tell it."""
    items = [objects.workflow_template(NAME).data, objects.deployment(f"{NAME}-provisioner").data]
    return {"kind": "List", "items": [{"kind": "Deployment", "spec": {}}, *items]}


def release(objects: Objects) -> render_preview.Release:
    """What is known of the release."""
    return render_preview.told(json.dumps(listed(objects)))


@pytest.mark.parametrize("case", CASES)
def test_every_object_fits_its_schema(case: str, render: Renderer) -> None:
    made = [item for pull in PULLS for item in render_preview.render(release(render(case)), pull)]
    assert {fault for minor in KUBERNETES for fault in validate(made, minor)} == set()


def test_names_and_hosts_are_those_that_set_params_computes(render: Renderer) -> None:
    found = {}
    for pull in PULLS:
        namespace = render_preview.render(release(render("beforehand")), pull)[0]
        found[namespace["metadata"]["name"]] = namespace["metadata"]["annotations"]["implementation-dag.dev/host"]
    wanted = {}
    for pull in PULLS:
        repo, pr = pull.removeprefix("acme/").split("#")
        name = names.namespace("acme", repo, pr, "repo", "impl-admin")
        wanted[name] = f"{name}.previews.example.net"
    assert found == wanted


def test_a_preview_is_its_own_and_the_release_s(render: Renderer) -> None:
    namespace, *inside = render_preview.render(
        release(render("linkerd-beforehand")), "acme/shop#7", "other.example.com"
    )
    assert namespace["metadata"]["name"] == "impl-pr-7"
    assert namespace["metadata"]["annotations"]["implementation-dag.dev/host"] == "shop-pr-7.other.example.com"
    assert namespace["metadata"]["annotations"]["linkerd.io/inject"] == "enabled"
    assert {item["metadata"]["namespace"] for item in inside} == {"impl-pr-7"}
    for item in (namespace, *inside):
        assert (
            item["metadata"]["labels"].items()
            >= {"pr": "7", "implementation-dag.dev/release": "implementation-dag"}.items()
        )
    assert preview_objects.PLACEHOLDER not in json.dumps(inside)


def test_roles_name_only_the_preview_and_no_wildcard(render: Renderer) -> None:
    roles = [
        item for item in render_preview.render(release(render("secrets")), "acme/shop#7") if item["kind"] == "Role"
    ]
    assert {item["metadata"]["name"] for item in roles} == {
        f"implementation-dag-{name}" for name in ("provision", "preview", "look")
    }
    rules = [rule for item in roles for rule in item["rules"]]
    assert "*" not in {word for rule in rules for word in (*rule["verbs"], *rule["resources"], *rule["apiGroups"])}
    assert [rule["resourceNames"] for rule in rules if "resourceNames" in rule] == [["impl-pr-7"]]


def test_the_provision_step_asks_for_all_but_the_roles(render: Renderer) -> None:
    asked: list[str] = []

    class Cluster:
        def get(self, kind: type, name: str, namespace: str) -> None:
            asked.append(f"{kind.__name__} {name}")

    made = render_preview.render(release(render("secrets")), "acme/shop#7")
    preview_objects.check(Cluster(), made[1:])  # type: ignore[arg-type]
    assert asked == [f"{item['kind']} {item['metadata']['name']}" for item in made[1:] if item["kind"] != "Role"]


def test_where_the_pipeline_makes_previews_nobody_else_does(render: Renderer) -> None:
    with pytest.raises(StepError, match=r"rbac\.clusterScoped is true"):
        render_preview.render(release(render()), "acme/shop#7")


@pytest.mark.parametrize(
    ("pull", "words"),
    [
        ("shop#7", "pull request is 'shop#7': must be owner/repo#number"),
        ("acme/shop", "must be owner/repo#number"),
        ("acme/shop#seven", "parameter 'pr' is 'seven'"),
        ("acme/..#7", "parameter 'repo' is '..'"),
    ],
)
def test_what_is_no_pull_request_is_refused(pull: str, words: str, render: Renderer) -> None:
    with pytest.raises((StepError, ArgumentError), match=words.replace(".", r"\.")):
        render_preview.render(release(render("beforehand")), pull)


ODD = ("", "{}", "[1]", "{templates: [1]}", "{templates: {provision: 1}}", "{templates: [{name: other}]}", "1")


@pytest.mark.parametrize("text", ["[]", "a: b: c", "2026-99-99", "[" * 9999, "kind: List\nitems: 1\n", "kind: List"])
@pytest.mark.parametrize("spec", ODD)
def test_what_is_no_pipeline_is_refused_with_advice(text: str, spec: str) -> None:
    with pytest.raises(StepError, match="standard input"):
        render_preview.told(f"kind: WorkflowTemplate\nspec: {spec}\n---\n{text}")


def places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every way into a tree."""
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*way, key)
        yield from places(inner, (*way, key))


@pytest.fixture(scope="module")
def whole(render: Renderer) -> dict[str, Any]:
    return listed(render("beforehand"))


@settings(max_examples=100)
@given(data=st.data())
def test_a_release_that_somebody_changed_renders_or_is_told(whole: dict[str, Any], data: st.DataObject) -> None:
    changed = deepcopy(whole)
    pipeline, provisioner = changed["items"][1:]
    pipeline["spec"] = {key: pipeline["spec"][key] for key in ("arguments", "templates")}
    pipeline["spec"]["templates"] = [item for item in pipeline["spec"]["templates"] if item["name"] == "provision"]
    containers = provisioner["spec"]["template"]["spec"]["containers"]
    provisioner["spec"] = {"template": {"spec": {"containers": containers}}}
    *way, last = data.draw(st.sampled_from([*places(changed)]))
    place: Any = changed
    for key in way:
        place = place[key]
    place[last] = data.draw(st.sampled_from([None, 1, "", "a", [], [1], {}, {"name": "provision"}]))
    try:
        assert render_preview.render(render_preview.told(json.dumps(changed)), PULLS[0])
    except StepError as error:
        assert str(error)


@pytest.mark.parametrize("text", ["", "kind: WorkflowTemplate\nspec: {}\n", "[]", "a: b: c"])
def test_what_is_no_pipeline_is_refused(text: str) -> None:
    with pytest.raises(StepError, match="standard input"):
        render_preview.told(text)


def test_the_command_prints_manifests(render: Renderer, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        def read(self) -> str:
            return str(yaml.safe_dump(listed(render("beforehand"))))

    monkeypatch.setattr("sys.stdin", Stdin())
    assert main(["render-preview", *PULLS]) == 0
    kinds = [item["kind"] for item in yaml.safe_load_all(capsys.readouterr().out)]
    assert kinds.count("Namespace") == len(PULLS)


def test_steps_take_no_arguments() -> None:
    assert main(["deploy", "acme/shop#7"]) == main([]) == main(["nobody"]) == 64
