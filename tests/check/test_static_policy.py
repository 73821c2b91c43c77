"""checkov over every render case: what it finds is mended, or waived with a reason in policies/static/waivers.yaml."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from idag.render import helm
from scripts.chart.render.project import CHART, SUITE

ROOT = Path(__file__).resolve().parents[2]
CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
WAIVERS = yaml.safe_load((ROOT / "policies" / "static" / "waivers.yaml").read_text())
Object = dict[str, Any]


class Finding(NamedTuple):
    """A rule of checkov that an object of a case breaks."""

    case: str
    rule: str
    name: str
    words: str


def pods_of_steps(template: Object) -> list[Object]:
    """Return the pods that Argo makes of a WorkflowTemplate: checkov does not look into custom resources."""
    found = []
    for step in template["spec"]["templates"]:
        if "container" not in step:
            continue
        main = {"name": "main"} | step["container"]
        spec = {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "serviceAccountName": step.get("serviceAccountName", template["spec"].get("serviceAccountName", "runner")),
            "securityContext": step["securityContext"],
            "initContainers": step.get("initContainers", []),
            "containers": [main],
            "volumes": step.get("volumes", []),
        }
        metadata = {"name": f"step-{step['name']}", "namespace": template["metadata"]["namespace"]}
        found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return found


def scan(cases: dict[str, list[Object]], folder: Path) -> list[Finding]:
    """Return the rules that fail. One run for all cases: most of checkov's time is its start."""
    for case, objects in cases.items():
        pods = [pod for item in objects if item["kind"] == "WorkflowTemplate" for pod in pods_of_steps(item)]
        (folder / f"{case}.yaml").write_text(yaml.safe_dump_all([*objects, *pods]))
    command = [str(CHECKOV), "--directory", str(folder), "--framework", "kubernetes", "--output", "json", "--compact"]
    done = subprocess.run([*command, "--quiet", "--skip-download"], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] >= len(cases)
    failed = report["results"]["failed_checks"]
    return [
        Finding(Path(item["file_path"]).stem, item["check_id"], item["resource"], item["check_name"]) for item in failed
    ]


def waived(rule: str, name: str) -> bool:
    return any(item["rule"] == rule and re.fullmatch(item["objects"], name) for item in WAIVERS)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    cases = {name: SUITE.render(SUITE.cases[name]).objects.plain for name in SUITE.cases if "/" not in name}
    return scan(cases, tmp_path_factory.mktemp("rendered"))


def test_every_case_passes_or_is_waived(findings: list[Finding]) -> None:
    faults = {f"{it.case}: {it.name}: {it.words} ({it.rule})" for it in findings if not waived(it.rule, it.name)}
    assert not faults, "\n" + "\n".join(sorted(faults))


def test_no_waiver_is_left_over(findings: list[Finding]) -> None:
    unused = [
        item["rule"]
        for item in WAIVERS
        if not any(it.rule == item["rule"] and re.fullmatch(item["objects"], it.name) for it in findings)
    ]
    assert unused == []


def test_a_privileged_step_is_found(tmp_path: Path) -> None:
    objects = json.loads(json.dumps(helm.template(CHART)))
    for item in objects:
        if item["kind"] == "WorkflowTemplate":
            for step in item["spec"]["templates"]:
                if "container" in step:
                    step["container"]["securityContext"] = {"privileged": True}
    found = {(it.rule, it.name) for it in scan({"hostile": objects}, tmp_path)}
    assert ("CKV_K8S_16", "Pod.workflows.step-deploy") in found
