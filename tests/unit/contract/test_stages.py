"""What schemas and pages say of stages is what the contract says."""

from __future__ import annotations

import re
from pathlib import Path

from implementation_dag.contract import stages
from implementation_dag.steps import evidence_index

PAGE = Path(__file__).parents[3] / "docs" / "pipeline-user.md"


def test_a_stage_waits_for_earlier_ones_only() -> None:
    before: set[str] = set()
    for stage in stages.STAGES:
        assert set(stage.after) <= before, stage.task
        before.add(stage.task)


def test_evidence_of_two_stages_lies_apart() -> None:
    folders = [stage.evidence for stage in stages.STAGES if stage.evidence]
    assert len(folders) == len(set(folders)) == len(stages.TASKS)


def test_the_index_has_a_verdict_for_each_required_stage() -> None:
    schema = evidence_index.schema()["properties"]["stages"]
    assert list(schema["properties"]) == schema["required"] == list(stages.TASKS)


def test_the_page_for_users_lists_each_stage_s_promised_files() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", PAGE.read_text().partition("The stages' files:")[2], re.MULTILINE))
    for folder, promised in stages.PROMISED.items():
        assert set(promised) <= set(re.findall(r"[\w.-]+\.\w+|\w+/", rows[folder])), folder
