"""What needs a long build to check: argo's own linter, kubeconform as second opinion, and the schemas' sources."""

import copy
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from idag.progress import Progress
from idag.render.manifests import Object
from idag.render.targets import HELMS, KUBERNETES, Target
from idag.schemas.pinned import differences, generate
from idag.toolchain import tool
from scripts.chart.render.project import SUITE
from scripts.chart.schemas.kubeconform import second_opinion

ARGO_KINDS = ("WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Workflow")
# The chart refers to the platform's coderun-template; this case brings the reference one of the same interface.
REFERENCE = "reference"


def workflows(case: str) -> list[Object]:
    return [item for item in SUITE.render(case).objects.plain if item["kind"] in ARGO_KINDS]


def argo_lint(items: Sequence[Object], folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "workflows.yaml").write_text(yaml.safe_dump_all(items))
    return subprocess.run([tool("argo"), "lint", "--offline", folder], capture_output=True, text=True, check=False)


def called(items: Sequence[Object]) -> dict[str, str]:
    """Map each WorkflowTemplate that a task refers to by name to the template wanted of it."""
    templates = [template for item in items for template in item["spec"].get("templates", [])]
    references = [task.get("templateRef") for item in templates for task in item.get("dag", {}).get("tasks", [])]
    return {found["name"]: found["template"] for found in references if found}


def platform(name: str, template: str, namespace: str) -> Object:
    """The reference coderun-template as a platform would name it."""
    found = next(item for item in workflows(REFERENCE) if item["metadata"]["name"] == "coderun-template")
    item = copy.deepcopy(found)
    item["metadata"] |= {"name": name, "namespace": namespace}
    item["spec"]["templates"][0]["name"] = template
    return item


@pytest.mark.parametrize("case", sorted(SUITE.cases))
def test_argo_lint_passes(case: str, tmp_path: Path) -> None:
    items = workflows(case)
    there = {item["metadata"]["name"] for item in items}
    missing = {name: template for name, template in called(items).items() if name not in there}
    namespace = items[0]["metadata"]["namespace"]
    done = argo_lint([*items, *(platform(*pair, namespace) for pair in missing.items())], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_argo_lint_passes_with_a_platform_s_own_coderun_template(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "coderun-5dlabs.yaml"
    platform = [item for item in yaml.safe_load_all(example.read_text()) if item["kind"] in ARGO_KINDS]
    done = argo_lint([*workflows("default"), *platform], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_argo_lint_sees_an_output_that_nobody_declares(tmp_path: Path) -> None:
    text = yaml.safe_dump_all(workflows(REFERENCE)).replace(
        "tasks.deploy.outputs.parameters.urls", "tasks.deploy.outputs.parameters.nope"
    )
    done = argo_lint(list(yaml.safe_load_all(text)), tmp_path)
    assert done.returncode != 0
    assert "nope" in done.stdout + done.stderr


@pytest.mark.parametrize("minor", KUBERNETES)
def test_kubeconform_agrees_that_every_object_fits(minor: str, tmp_path: Path) -> None:
    # Equal documents are one dict in every render.
    distinct = {
        id(item): item
        for render in SUITE.renders(targets=[Target(minor, helm) for helm in HELMS])
        for item in render.objects.plain
    }
    assert second_opinion(distinct.values(), minor, tmp_path) == []


def test_kubeconform_refuses_what_our_check_refuses(tmp_path: Path) -> None:
    items = copy.deepcopy(SUITE.render(REFERENCE).objects.plain)
    broken = [item for item in items if item["kind"] in ("Deployment", "WorkflowTemplate")]
    for item in broken:
        item["spec"]["notAField"] = 1
    items.append({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}})
    complaints = second_opinion(items, KUBERNETES[-1], tmp_path)
    assert {line.split(":")[0] for line in complaints} == {
        *("kubernetes", "argo-workflows-4.0", "argo-workflows-3.7", "argo-workflows-3.6", "none"),
    }
    # Argo's kinds are held to three of its versions.
    wanted = sum(3 if item["kind"] == "WorkflowTemplate" else 1 for item in broken)
    assert sum("'notAField' not allowed" in line for line in complaints) == wanted
    assert "none: Thing/a: could not find schema for Thing" in complaints


def test_the_kept_schemas_are_what_their_sources_give() -> None:
    assert differences(generate(Progress("schemas"))) == []
