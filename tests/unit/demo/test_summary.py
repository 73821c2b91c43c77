"""summary.json says what was seen, and a scenario is as expected only when every check holds."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from idag.cluster.stages import Stage
from scripts.demo import summary
from scripts.demo.checks import Check, Observed
from scripts.demo.scenarios import all_scenarios
from scripts.demo.summary import Outcome
from scripts.lab.stand.evidence import Evidence
from scripts.lab.stand.previews import Observation
from scripts.lab.stand.repository import PullRequest
from scripts.lab.stand.workflow import Finished

URL = "https://shop-pr-7.preview.example.com"


def seen(phase: str = "Succeeded", name: str = "demo-x", overhead: float = 40.04) -> Observed:
    stages = [Stage("set-params", phase, 5.04, "[bold]why[/] it ended", {})]
    run = Finished(name, phase, "", stages, 61.0, {"deploy": 10.0}, overhead, 10, {})
    return Observed(
        pull=PullRequest("one", number=7),
        run=run,
        evidence=Evidence(f"acme/shop/pr-7/{name}", {"rex/tests.log": b"ok"}),
        urls=[Observation(URL, 200, '{"name": "shop"}')],
        namespace=None,
        images=[],
        revisions=[],
        headers={},
    )


def outcome(*runs: Observed, passed: bool = True) -> Outcome:
    checks = [[Check("it holds", passed, "" if passed else "it does not")] for _ in runs]
    return Outcome(all_scenarios("r")["default"], list(runs), checks)


def test_the_document_has_the_promised_fields(tmp_path: Path) -> None:
    summary.write(outcome(seen()), tmp_path / "out" / "summary.json")
    found = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (found["scenario"], found["result"], found["expected_result"]) == ("default", "Succeeded", "Succeeded")
    assert found["preview_urls"] == [URL]
    assert found["urls"] == [{"url": URL, "status": 200}]
    assert {key: found["stages"][0][key] for key in ("name", "result", "seconds")} == {
        "name": "set-params", "result": "Succeeded", "seconds": 5.0
    }  # fmt: skip
    assert (found["overhead_seconds"], found["pods"]) == (40.0, 10)
    assert set(found["evidence"][0]) == {"path", "bytes", "sha256"}


def test_of_several_runs_the_dearest_counts() -> None:
    found = summary.document(outcome(seen(), seen(name="demo-y", overhead=50.0)))
    assert found["overhead_seconds"] == 50.0
    assert len(found["evidence"]) == 2


@pytest.mark.parametrize(
    ("found", "result", "good"),
    [
        (outcome(seen()), "Succeeded", True),
        (outcome(seen(), passed=False), "Succeeded", False),
        (outcome(seen("Failed")), "Failed", False),
        (outcome(seen(), seen("Error")), "Error, Succeeded", False),
    ],
)
def test_as_expected_needs_the_phase_and_every_check(found: Outcome, result: str, good: bool) -> None:
    assert (found.result, found.as_expected) == (result, good)


def test_what_a_person_sees_names_answer_cost_and_failed_checks() -> None:
    console = Console(file=io.StringIO(), width=140)
    summary.show(outcome(seen("Failed"), passed=False), console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"preview {URL} answers 200" in text
    assert "overhead 40 s (target 60 s), 10 pods" in text
    assert "FAILED it holds: it does not" in text
    assert "[bold]why[/] it ended" in text
    assert "NOT as expected" in text
