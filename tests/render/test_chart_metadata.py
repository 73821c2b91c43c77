"""Chart.yaml tells the truth: to Helm, to Artifact Hub, and as the changelog does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from idag.render import RenderError, helm

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "implementation-dag"
ABOUT: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())
KINDS = {"added", "changed", "deprecated", "removed", "fixed", "security"}
# Artifact Hub refuses other categories.
CATEGORIES = {
    "ai-machine-learning", "database", "integration-delivery", "monitoring-logging", "networking", "security",
    "storage", "streaming-messaging", "skip-prediction",
}  # fmt: skip


def annotation(name: str) -> Any:
    text = ABOUT["annotations"][f"artifacthub.io/{name}"]
    assert isinstance(text, str), f"annotation {name} must be a string"
    return yaml.safe_load(text)


def crds() -> list[dict[str, Any]]:
    return [item for item in helm.template(CHART) if item["kind"] == "CustomResourceDefinition"]


def test_versions_are_semantic_and_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?", ABOUT["version"])
    # Chart and image are released together.
    assert ABOUT["appVersion"] == ABOUT["version"]


@pytest.mark.parametrize(("version", "accepted"), [("1.30.9", False), ("1.31.0", True), ("1.31.4-eks-1a2b3c", True)])
def test_kubernetes_below_the_floor_is_refused(version: str, accepted: bool) -> None:
    if accepted:
        assert helm.template(CHART, kube_version=version)
    else:
        with pytest.raises(RenderError, match=r"incompatible with Kubernetes v1\.30"):
            helm.template(CHART, kube_version=version)


def test_license_and_category() -> None:
    assert annotation("license") == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()[:200]
    assert annotation("category") in CATEGORIES


def test_the_image_is_the_one_that_runs() -> None:
    named = {item["image"] for item in annotation("images")}
    pods = [item for item in helm.template(CHART) if item["kind"] == "Deployment"]
    assert {c["image"] for item in pods for c in item["spec"]["template"]["spec"]["containers"]} == named


def test_every_link_points_to_a_page_that_is_here() -> None:
    for link in annotation("links"):
        path = link["url"].partition("/blob/main/")[2]
        assert path, f"{link['url']} is no page of this repository"
        assert (ROOT / path).is_file(), link["url"]


def test_the_crds_are_those_in_the_package() -> None:
    told = {(item["kind"], item["name"], item["version"]) for item in annotation("crds")}
    assert told == {
        (crd["spec"]["names"]["kind"], crd["metadata"]["name"], version["name"])
        for crd in crds()
        for version in crd["spec"]["versions"]
    }


def test_each_crd_has_an_example_that_its_schema_accepts() -> None:
    schemas = {
        (f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]): version["schema"][
            "openAPIV3Schema"
        ]
        for crd in crds()
        for version in crd["spec"]["versions"]
    }
    examples = annotation("crdsExamples")
    assert {(item["apiVersion"], item["kind"]) for item in examples} == schemas.keys()
    for item in examples:
        schema = schemas[item["apiVersion"], item["kind"]]
        jsonschema.validate(item, schema)
        unknown = item["spec"].keys() - schema["properties"]["spec"]["properties"].keys()
        assert not unknown, f"the example has unknown fields {unknown}"


def test_every_change_stands_in_the_changelog() -> None:
    sections = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(), flags=re.M)
    section = next((text for text in sections if text.startswith(f"{ABOUT['version']} ")), None)
    assert section, f"CHANGELOG.md has no section {ABOUT['version']}"
    lines = [line.removeprefix("- ") for line in section.splitlines() if line.startswith("- ")]
    changes = annotation("changes")
    assert changes
    assert {item["description"] for item in changes} <= set(lines)
    assert {item["kind"] for item in changes} <= KINDS
