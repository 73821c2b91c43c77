"""The chart's alert rules, as promtool reads them."""

import subprocess
from pathlib import Path

import pytest
import yaml

from idag.toolchain import tool
from scripts.chart.render.project import SUITE


def check_rules(groups: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", groups]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", sorted(SUITE.cases))
def test_promtool_accepts_the_rules_of_every_case(case: str, tmp_path: Path) -> None:
    for item in SUITE.render(case).objects.plain:
        if item["kind"] == "PrometheusRule":
            path = tmp_path / f"{item['metadata']['name']}.yaml"
            path.write_text(yaml.safe_dump({"groups": item["spec"]["groups"]}))
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
