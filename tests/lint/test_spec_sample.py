"""The specification's sample is the proof: each of its faults is found, and each finding is one of its faults."""

from pathlib import Path
from typing import Any

import pytest

from idag.lint import Finding, lint
from idag.schemas.reading import read
from scripts.chart.lint_docs import PAGE, faults, written

SAMPLE = Path(__file__).parent / "spec_sample"
FAULTS = faults()


@pytest.fixture(scope="module")
def found() -> list[Finding]:
    return lint(read([SAMPLE / "workflow.yaml", SAMPLE / "role.yaml"]))


def explains(fault: dict[str, Any], finding: Finding) -> bool:
    # `spec` alone means the field itself, not everything below it.
    same_place = finding.path == fault["at"] if fault["at"] == "spec" else finding.path.startswith(fault["at"])
    return finding.rule == fault["rule"] and same_place


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["fault"])
def test_each_fault_is_found_by_its_rule(fault: dict[str, Any], found: list[Finding]) -> None:
    assert any(explains(fault, finding) for finding in found)


def test_each_finding_is_one_of_the_faults(found: list[Finding]) -> None:
    assert [str(one) for one in found if sum(explains(fault, one) for fault in FAULTS) != 1] == []


def test_the_tables_of_the_documentation_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run `make lint-docs`"
