"""The chart's files as their own programs read them: the load test by k6, alert rules by promtool."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from implementation_dag.acceptance.plan import write_plan
from implementation_dag.acceptance.settings import from_environment
from implementation_dag.acceptance.targets import Target
from scripts.chart.render.project import CHART, SUITE
from scripts.toolchain import tool

FILES = CHART / "files"
SCRIPT = FILES / "acceptance.js"
RULE_FILES = sorted(path for pattern in ("*.rules", "*.rules.yaml") for path in FILES.rglob(pattern))


def inspect(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    settings = from_environment({"K6_SCRIPT": str(SCRIPT), "REQUESTS_PER_HOST": "10"}, {})
    plan = write_plan(settings, [Target("https://a.example.com", "a"), Target("https://b.example.com", "b")], folder)
    command = [tool("k6"), "inspect", "--execution-requirements", "--env", f"PLAN={plan}", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_rules(groups: Path) -> subprocess.CompletedProcess[str]:
    command = [tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", groups]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_k6_understands_the_load_test_and_what_it_will_do(tmp_path: Path) -> None:
    done = inspect(SCRIPT, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    options = json.loads(done.stdout)
    assert options["scenarios"]["acceptance"]["iterations"] == 20
    assert options["maxVUs"] == 2
    assert not options["insecureSkipTLSVerify"]


def test_k6_refuses_a_broken_load_test(tmp_path: Path) -> None:
    broken = tmp_path / "broken.js"
    broken.write_text(SCRIPT.read_text().replace("export const options = {", "export const options = {{"))
    assert inspect(broken, tmp_path).returncode != 0


@pytest.mark.parametrize("case", sorted(SUITE.cases))
def test_promtool_accepts_the_rules_of_every_case(case: str, tmp_path: Path) -> None:
    for item in SUITE.render(case).objects.plain:
        if item["kind"] == "PrometheusRule":
            path = tmp_path / f"{item['metadata']['name']}.yaml"
            path.write_text(yaml.safe_dump({"groups": item["spec"]["groups"]}))
            done = check_rules(path)
            assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_rule_files_as_they_stand() -> None:
    for path in RULE_FILES:
        done = check_rules(path)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "rule",
    [
        {"alert": "Broken", "expr": "rate(runs_total[5m"},
        {"alert": "Soon", "expr": "up", "for": "soon"},
        {"alert": "NoExpression"},
    ],
)
def test_promtool_refuses_a_broken_rule(rule: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "broken", "rules": [rule]}]}))
    assert check_rules(path).returncode != 0
