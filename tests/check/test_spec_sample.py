"""What `argo lint` and kubeconform really find in the specification's sample is what docs/lint.md says."""

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from idag.render.manifests import Object
from idag.render.targets import KUBERNETES
from idag.schemas.reading import read
from idag.toolchain import tool
from scripts.chart.lint_docs import faults
from scripts.chart.schemas.kubeconform import second_opinion

SAMPLE = Path(__file__).resolve().parents[1] / "lint" / "spec_sample"
FAULTS = faults()
CODERUN = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "WorkflowTemplate",
    "metadata": {"name": "coderun-template"},
    "spec": {
        "templates": [
            {
                "name": "coderun-main",
                "inputs": {"parameters": [{"name": "github-app"}]},
                "container": {"image": "registry.example.com/agents:1"},
            }
        ]
    },
}


def templates(workflow: Object) -> dict[str, Any]:
    return {template["name"]: template for template in workflow["spec"]["templates"]}


def without_outputs(workflow: Object) -> None:
    del workflow["spec"]["outputs"]


def without_foreign_task(workflow: Object) -> None:
    args = templates(workflow)["acceptance"]["container"]["args"]
    args[0] = args[0].replace("{{tasks.deploy.outputs.parameters.NS}}", "$NS")


def without_exit_handler(workflow: Object) -> None:
    del workflow["spec"]["onExit"]


# What argo says → how that fault alone is mended, so that it goes on to the next.
MENDS: dict[str, Callable[[Object], None]] = {
    'unknown field "spec.outputs"': without_outputs,
    "failed to resolve {{tasks.deploy.outputs.parameters.NS}}": without_foreign_task,
    "templates.cleanup inputs.parameters.NS was not supplied": without_exit_handler,
}


def argo_says(workflow: Object, folder: Path) -> str:
    (folder / "workflow.yaml").write_text(yaml.safe_dump_all([workflow, CODERUN]))
    done = subprocess.run([tool("argo"), "lint", "--offline", folder], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_argo_lint_finds_one_after_the_other_what_the_table_says_and_no_more(tmp_path: Path) -> None:
    workflow = copy.deepcopy(read([SAMPLE / "workflow.yaml"])[0])
    found = []
    while said := argo_says(workflow, tmp_path):
        (known,) = [text for text in MENDS if text in said] or [said]
        assert known in MENDS, f"argo lint says something new: {said}"
        found.append(known)
        MENDS[known](workflow)
    assert sorted(found) == sorted(fault["argo"] for fault in FAULTS if "argo" in fault)


def test_kubeconform_finds_what_the_table_says_and_no_more(tmp_path: Path) -> None:
    complaints = second_opinion(read([SAMPLE / "workflow.yaml", SAMPLE / "role.yaml"]), KUBERNETES[-1], tmp_path)
    expected = [fault["kubeconform"] for fault in FAULTS if "kubeconform" in fault]
    assert all(any(text in line for text in expected) for line in complaints)
    assert all(any(text in line for line in complaints) for text in expected)
