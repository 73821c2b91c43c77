"""The Kustomize overlays build, differ only where they say so, and their rendered variant is fresh."""

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.overlays import argocd, build, rendered
from scripts.chart.render.project import ENVIRONMENTS, ROOT

KUSTOMIZE = ROOT / "kustomize"


@cache
def objects(folder: str) -> list[build.Object]:
    return build.objects(build.build(KUSTOMIZE / folder))


def one(folder: str, kind: str) -> build.Object:
    (found,) = [item for item in objects(folder) if item["kind"] == kind]
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_rendered_variant_is_fresh(name: str) -> None:
    assert rendered.fault(name, ROOT) is None


def test_environments_share_no_object_and_no_crd() -> None:
    """Two of them must live in one cluster: the CRD is in a kustomization of its own."""
    seen: dict[tuple[str, str, str], str] = {}
    for name in ENVIRONMENTS:
        for item in objects(f"overlays/{name}"):
            metadata = item["metadata"]
            key = (item["kind"], metadata.get("namespace", ""), metadata["name"])
            assert key not in seen, f"{key} is in {seen[key]} and {name}"
            seen[key] = name
    assert not [key for key in seen if key[0] == "CustomResourceDefinition"]
    assert [item["kind"] for item in objects("crds")] == ["CustomResourceDefinition"] * 3


def test_the_base_is_the_chart_with_its_defaults() -> None:
    template = one("base", "WorkflowTemplate")
    assert (template["metadata"]["namespace"], template["metadata"]["name"]) == ("workflows", "implementation-dag")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_environment_has_its_own_domain(name: str) -> None:
    values = yaml.safe_load((KUSTOMIZE / "overlays" / name / "values.yaml").read_text())
    parameters = one(f"overlays/{name}", "WorkflowTemplate")["spec"]["arguments"]["parameters"]
    assert {item["name"]: item.get("value") for item in parameters}["domain"] == values["defaults"]["domain"]


def leaves(values: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        where = f"{path}.{key}" if path else key
        found |= leaves(value, where) if isinstance(value, dict) and value else {where: value}
    return found


def test_every_difference_has_its_line_in_the_readme() -> None:
    rows = set(re.findall(r"^\| `([\w.]+)`", (KUSTOMIZE / "README.md").read_text(), re.MULTILINE))
    folders = [KUSTOMIZE / "overlays" / name for name in ENVIRONMENTS]
    values = [leaves(yaml.safe_load((folder / "values.yaml").read_text())) for folder in folders]
    keys = {key for found in values for key in found}
    differing = {key for key in keys if any(found.get(key) != values[0].get(key) for found in values)}

    def row_of(key: str) -> str:
        return next((row for row in rows if f"{key}.".startswith(f"{row}.")), f"no line for {key}")

    assert {row_of(key) for key in differing} == rows


def test_what_argo_cd_has_of_each_environment_is_made_from_the_overlays() -> None:
    stale = [str(path) for path, text in argocd.made(ROOT).items() if path.read_text() != text]
    assert not stale, "run `make rendered`"


def test_a_stale_rendering_is_told(tmp_path: Path) -> None:
    root = copy(tmp_path)
    values = root / "kustomize" / "overlays" / "dev" / "values.yaml"
    values.write_text(values.read_text().replace("dev.preview", "other.preview"))
    assert rendered.fault("dev", root) == "kustomize/rendered/dev is stale: run `make rendered`"
    rendered.write("dev", root)
    assert rendered.fault("dev", root) is None


def test_an_environment_behind_the_chart_keeps_its_rendering(tmp_path: Path) -> None:
    root = copy(tmp_path)
    chart = root / "charts" / "implementation-dag" / "Chart.yaml"
    text = chart.read_text()
    version = rendered.chart_version(ROOT)
    chart.write_text(text.replace(f"version: {version}", "version: 99.0.0", 1))
    assert rendered.fault("production", root) is None
    rendered.write("production", root)
    told = f"holds implementation-dag-99.0.0, but its overlay pins implementation-dag-{version}"
    assert told in str(rendered.fault("production", root))


def copy(target: Path) -> Path:
    for name in ("charts", "kustomize"):
        shutil.copytree(ROOT / name, target / name)
    return target
