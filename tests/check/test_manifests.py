"""What needs a long build to check: argo's own linter, and kubeconform on every rendered object."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from scripts.render import helm
from scripts.toolchain import asset, tool

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "implementation-dag"
REFERENCE = ROOT / "tests" / "render" / "cases" / "reference.yaml"


@pytest.fixture(scope="module")
def objects() -> list[helm.Object]:
    return helm.template(CHART, REFERENCE)


def lint(objects: list[helm.Object], folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "templates.yaml"
    path.write_text(yaml.safe_dump_all([item for item in objects if item["kind"] == "WorkflowTemplate"]))
    return subprocess.run([tool("argo"), "lint", "--offline", folder], capture_output=True, text=True, check=False)


def test_argo_lint_passes(objects: list[helm.Object], tmp_path: Path) -> None:
    done = lint(objects, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_argo_lint_passes_with_the_platform_s_coderun_template(tmp_path: Path) -> None:
    example = ROOT / "examples" / "coderun-5dlabs.yaml"
    platform = [item for item in yaml.safe_load_all(example.read_text()) if item["kind"] == "WorkflowTemplate"]
    done = lint([*helm.template(CHART), *platform], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_argo_lint_sees_an_output_that_nobody_declares(objects: list[helm.Object], tmp_path: Path) -> None:
    text = yaml.safe_dump_all(objects).replace(
        "tasks.deploy.outputs.parameters.urls", "tasks.deploy.outputs.parameters.nope"
    )
    done = lint(list(yaml.safe_load_all(text)), tmp_path)
    assert done.returncode != 0
    assert "nope" in done.stdout + done.stderr


def test_every_object_fits_its_schema(objects: list[helm.Object], tmp_path: Path) -> None:
    """CRD schemas come from the CRDs themselves; a kind without a schema is an error."""
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    crds = [*asset("argo-workflows", "crds").glob("*.yaml"), *(CHART / "crds").glob("*.yaml")]
    for path in crds:
        for crd in yaml.safe_load_all(path.read_text()):
            if crd and crd.get("kind") == "CustomResourceDefinition":
                for version in crd["spec"]["versions"]:
                    name = f"{crd['spec']['names']['kind']}-{version['name']}.json".lower()
                    (schemas / name).write_text(json.dumps(version["schema"]["openAPIV3Schema"]))
    custom = [item for item in objects if (schemas / schema_name(item)).exists()]
    assert {item["kind"] for item in custom} == {"WorkflowTemplate"}
    location = f"{schemas}/{{{{.ResourceKind}}}}-{{{{.ResourceAPIVersion}}}}.json"
    done = subprocess.run(
        [tool("kubeconform"), "-strict", "-summary", "-schema-location", location],
        input=yaml.safe_dump_all(custom),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def schema_name(item: helm.Object) -> str:
    return f"{item['kind']}-{item['apiVersion'].split('/')[-1]}.json".lower()
