"""promtool reads the rules of every case, and sees each alert fire when it is to, and no other."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from idag.toolchain import tool
from scripts.chart.render.project import SUITE
from tests.check.alerts import DEADLINE, SITUATIONS, Situation

CASES = ("monitoring", "every-value", "own-platform", "pull-requests-polled")
DEFAULT = "monitoring"


def rules(case: str, folder: Path) -> Path:
    """Write a case's rules as Prometheus reads them."""
    (rule,) = SUITE.render(case).objects.of("PrometheusRule")
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": rule.data["spec"]["groups"]}))
    return path


def asked(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("promtool"), *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES)
def test_promtool_accepts_the_rules(case: str, tmp_path: Path) -> None:
    done = asked("check", "rules", "--lint=all", "--lint-fatal", rules(case, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.words)
def test_the_alerts_of_a_situation_fire_and_no_others(situation: Situation, tmp_path: Path) -> None:
    found: dict[str, Any] = {"rule_files": [str(rules(DEFAULT, tmp_path))], "evaluation_interval": "1m"}
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump(found | {"tests": [situation.test()]}))
    done = asked("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_in_a_situation_and_is_quiet_in_another() -> None:
    (rule,) = SUITE.render(DEFAULT).objects.of("PrometheusRule")
    alerts = {
        (each["alert"], each["labels"]["severity"])
        for group in rule.data["spec"]["groups"]
        for each in group["rules"]
        if "alert" in each
    }
    assert {fired for situation in SITUATIONS for fired in situation.fires} == alerts
    (template,) = SUITE.render(DEFAULT).objects.of("WorkflowTemplate")
    assert template.data["spec"]["activeDeadlineSeconds"] == DEADLINE
