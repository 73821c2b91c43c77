"""Every scenario of the demo ends as it should, on a real cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.demo.__main__ import show_scenario
from scripts.demo.scenarios import all_scenarios
from scripts.lab.stand.session import Session


@pytest.mark.parametrize("name", list(all_scenarios("registry")))
def test_scenario(session: Session, out: Path, name: str) -> None:
    good = show_scenario(session, name, out / name)
    summary = json.loads((out / name / "summary.json").read_text())
    broken = [f"{item['check']}: {item['found']}" for item in summary["checks"] if not item["passed"]]
    assert good, f"{summary['result']}, expected {summary['expected_result']}; " + "; ".join(broken)
