"""Argo itself evaluates the chart's expressions as contract/names.py and the steps expect it, whatever is given."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idag.render import helm
from implementation_dag.base import wait
from implementation_dag.contract import names
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.session import Session

CHART = Path(__file__).parents[2] / "charts" / "implementation-dag"
NAMESPACE = "default"
GIVEN = [
    ("acme", "shop", "7"),
    ("Acme", "Shop", "07"),
    ("a_b", ".github", "7"),
    ("a-b", "_github", "7"),
    ("acme", "..", "7"),
    ("acme", ".", "7"),
    ("acme", "shop", "seven"),
    ("acme\n", "shop", "7"),
    ("а", "shop", "7"),
    ("a" * 101, "shop", "7"),
    ("_refused", "shop", "7"),
    ('a"b\\', "shop", "7"),
    ("$(SETTINGS)", "shop", "7"),
    ("acme", "x{{workflow.name}}", "7"),
    ("{{=sprig.repeat(6,'pwn')}}", "shop", "7"),
]


@pytest.fixture(scope="module")
def expressions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The chart's own expressions: where evidence lies, and an argument in base64."""
    values = tmp_path_factory.mktemp("values") / "values.yaml"
    values.write_text("{}")
    objects = helm.template(CHART, values)
    (found,) = [item for item in objects if item["kind"] == "WorkflowTemplate"]
    steps = {item["name"]: item for item in found["spec"]["templates"]}
    (owner,) = [item["value"] for item in steps["deploy"]["container"]["env"] if item["name"] == "OWNER"]
    return {"key": steps["evidence"]["outputs"]["artifacts"][0]["s3"]["key"], "owner": owner}


@pytest.fixture(scope="module")
def evaluated(session: Session, expressions: dict[str, str]) -> Iterator[dict[tuple[str, str, str], dict[str, str]]]:
    """What Argo makes of them for each of GIVEN; no pod is needed for that."""
    kubectl = session.environment.kubectl
    made = {given: kubectl.create(workflow(given, expressions)) for given in GIVEN}
    try:
        yield {given: inputs(kubectl, name) | {"name": name} for given, name in made.items()}
    finally:
        kubectl.run("delete", "workflow", *made.values(), f"--namespace={NAMESPACE}", "--wait=false")


def workflow(given: tuple[str, str, str], expressions: dict[str, str]) -> dict[str, Any]:
    parameters = [{"name": name, "value": value} for name, value in zip(("owner", "repo", "pr"), given, strict=True)]
    look = {"parameters": [{"name": name, "value": text} for name, text in expressions.items()]}
    templates = [
        {"name": "main", "dag": {"tasks": [{"name": "look", "template": "look"}]}},
        {"name": "look", "inputs": look, "suspend": {"duration": "1"}},
    ]
    spec = {"entrypoint": "main", "arguments": {"parameters": parameters}, "templates": templates}
    metadata = {"generateName": "expressions-", "namespace": NAMESPACE}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}


def inputs(kubectl: Kubectl, name: str) -> dict[str, str]:
    for _ in wait.rounds(60, 0.5):
        found = kubectl.get("workflow", name, f"--namespace={NAMESPACE}") or {}
        for node in ((found.get("status") or {}).get("nodes") or {}).values():
            if node["displayName"] == "look":
                return {item["name"]: item["value"] for item in node["inputs"]["parameters"]}
    raise AssertionError(f"workflow {name} did not begin: {found.get('status')}")


@pytest.mark.parametrize("given", GIVEN, ids=ascii)
def test_evidence_lies_where_naming_says(
    evaluated: dict[tuple[str, str, str], dict[str, str]], given: tuple[str, str, str]
) -> None:
    found = evaluated[given]
    assert found["key"] == f"{names.evidence_prefix(*given, found['name'], NAMESPACE)}/index.json"


@pytest.mark.parametrize("given", GIVEN, ids=ascii)
def test_an_argument_arrives_as_it_was_given(
    evaluated: dict[tuple[str, str, str], dict[str, str]], given: tuple[str, str, str]
) -> None:
    assert base64.b64decode(evaluated[given]["owner"]).decode() == given[0]
