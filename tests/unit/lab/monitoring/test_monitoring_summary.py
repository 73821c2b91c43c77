"""The summary counts what tests noted, the same once, and has nothing of what none saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.lab.monitoring.summary import main

CASE = '<testcase name="{name}"><properties>{properties}</properties></testcase>'
SUITE = '<testsuites><testsuite tests="2" failures="1" errors="0">{cases}</testsuite></testsuites>'


def report(path: Path, *cases: list[tuple[str, str]]) -> Path:
    found = [
        CASE.format(name=number, properties="".join(f'<property name="{k}" value="{v}"/>' for k, v in each))
        for number, each in enumerate(cases)
    ]
    path.write_text(SUITE.format(cases="".join(found)))
    return path


def test_it_counts_what_was_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [("alert", "A/warning"), ("alert", "B/critical"), ("alert_kept_quiet", "A/warning")]
    first = report(tmp_path / "first.xml", alerts, [("alert_fired", "A/warning"), ("series_after_100_runs", "900")])
    again = report(tmp_path / "again.xml", [("alert", "A/warning"), ("alert_fired", "A/warning")])
    pages = tmp_path / "pages.json"
    pages.write_text('{"axe_violations": 0}')
    assert main([str(tmp_path / "summary.json"), str(first), str(again), "--pages", str(pages)]) == 0
    assert json.loads((tmp_path / "summary.json").read_text()) == {
        "alerts": {"total": 2, "fired": 1, "kept_quiet": 1},
        "series_after_100_runs": 900,
        "report": {"axe_violations": 0},
        "tests": 4,
        "failed": 2,
    }
    assert json.loads(capsys.readouterr().out)["alerts"]["fired"] == 1
