"""The fences close nothing that the pipeline needs: a whole run passes while network policies are enforced."""

from __future__ import annotations

from scripts.demo import checks
from scripts.demo.running import run
from scripts.demo.scenarios import Scenario, case
from scripts.lab.stand import previews
from scripts.lab.stand.repository import PullRequest

from .box import Box


def test_a_whole_run_passes(prepared_box: Box) -> None:
    one = case(PullRequest("fenced", "discount"), checks.succeeded)
    scenario = Scenario("fenced", "a good pull request while network policies are enforced", "Succeeded", (one,))
    numbers: list[int] = []
    try:
        outcome = run(prepared_box.session, scenario)
        numbers = [found.pull.number for found in outcome.runs if found.pull]
        assert [found.run.phase for found in outcome.runs] == ["Succeeded"], outcome.runs[0].run.message
        broken = [f"{check.sentence}: {check.found}" for group in outcome.checks for check in group if not check.passed]
        assert not broken
    finally:
        for number in numbers:
            previews.remove(prepared_box.session.environment, number)
