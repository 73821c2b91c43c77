"""out/demo/summary.json, and the same in words: figures from the cluster and S3 only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.demo.checks import Check, Observed
from scripts.demo.scenarios import Scenario

# What the pipeline may add on a machine that does nothing else; a busy one says nothing about the pipeline.
OVERHEAD_TARGET = 60.0


@dataclass(frozen=True)
class Outcome:
    """A scenario that ran: what was seen of each run, in the order of its cases, and the checks of it."""

    scenario: Scenario
    runs: list[Observed]
    checks: list[list[Check]]

    @property
    def result(self) -> str:
        """The phase that all runs ended in, or the phases when they differ."""
        phases = {seen.run.phase for seen in self.runs}
        return phases.pop() if len(phases) == 1 else ", ".join(sorted(phases))

    @property
    def as_expected(self) -> bool:
        """Whether the result is the expected one and every check holds."""
        return self.result == self.scenario.expected and all(c.passed for found in self.checks for c in found)


def document(outcome: Outcome) -> dict[str, Any]:
    """The content of summary.json; with several runs, the costs are those of the dearest one."""
    runs = outcome.runs
    return {
        "scenario": outcome.scenario.name,
        "result": outcome.result,
        "expected_result": outcome.scenario.expected,
        "as_expected": outcome.as_expected,
        "preview_urls": [url.url for seen in runs for url in seen.urls],
        "urls": [{"url": url.url, "status": url.status} for seen in runs for url in seen.urls],
        "stages": [
            {
                "workflow": seen.run.name,
                "name": stage.name,
                "result": stage.result,
                "seconds": round(stage.seconds, 1),
                **({"message": stage.message} if stage.message else {}),
            }
            for seen in runs
            for stage in seen.run.stages
        ],
        "overhead_seconds": round(max(seen.run.overhead_seconds for seen in runs), 1),
        "overhead_target_seconds": OVERHEAD_TARGET,
        "wall_seconds": round(max(seen.run.wall_seconds for seen in runs), 1),
        "pods": max(seen.run.pods for seen in runs),
        "evidence": [item for seen in runs for item in seen.evidence.listing()],
        "checks": [
            {"workflow": seen.run.name, "check": found.sentence, "passed": found.passed, "found": found.found}
            for seen, checks in zip(runs, outcome.checks, strict=True)
            for found in checks
        ],
    }


def _shown(seen: Observed) -> list[tuple[str, dict[str, Any]]]:
    """What stands on the pull request: each with what it is."""
    if not seen.shown:
        return []
    reviews = [(f"review {one['state']} of {one['commit_id'][:12]}", one) for one in seen.shown.reviews]
    return [*reviews, *(("comment", one) for one in seen.shown.comments)]


def write(outcome: Outcome, path: Path) -> None:
    """Write summary.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document(outcome), indent=2) + "\n")


def show(outcome: Outcome, console: Console) -> None:
    """Print what a person wants to know at the end."""
    for seen, checks in zip(outcome.runs, outcome.checks, strict=True):
        _show_run(seen, checks, console)
    word = "as expected" if outcome.as_expected else "NOT as expected"
    console.print(
        f"\nScenario {outcome.scenario.name}: {outcome.result}, {word} ({outcome.scenario.expected}).",
        style="bold green" if outcome.as_expected else "bold red",
        highlight=False,
    )


def _show_run(seen: Observed, checks: list[Check], console: Console) -> None:
    run = seen.run
    console.rule(f"{run.name}: {run.phase}")
    for words in dict.fromkeys([run.message, *(s.message for s in run.stages if s.result in ("Failed", "Error"))]):
        if words:
            console.print(words, style="red", highlight=False, markup=False)
    for url in seen.urls:
        console.print(f"preview {url.url} answers {url.status}", highlight=False, markup=False)
        for line in url.text.strip().splitlines()[:3]:
            console.print(f"    {line[:160]}", highlight=False, markup=False)
    report = seen.evidence.document("acceptance/report.json")
    if report and report["verdict"] == "could_not_run":
        console.print(f"acceptance could not run: {report['reason']}", style="red", highlight=False, markup=False)
    elif report:
        console.print(
            f"acceptance: {report['successful_requests']} of {report['total_requests']} requests good, p50 "
            f"{report['p50_ms']} ms, p95 {report['p95_ms']} ms, p99 {report['p99_ms']} ms: {report['result']}",
            highlight=False,
            markup=False,
        )
    if seen.evidence.files:
        table = Table("bytes", "sha256", "evidence", title=seen.evidence.prefix, box=None)
        for item in seen.evidence.listing():
            name = item["path"].removeprefix(f"{seen.evidence.prefix}/")
            table.add_row(str(item["bytes"]), item["sha256"][:12], name)
        console.print(table)
    for what, one in _shown(seen):
        console.rule(f"{what} by {one['user']['login']}: {one['html_url']}")
        console.print(one["body"], highlight=False, markup=False)
    own = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in run.own_seconds.items())
    console.print(
        f"{run.wall_seconds:.0f} s in all; the stages' own work: {own or 'none'}; overhead "
        f"{run.overhead_seconds:.0f} s (target {OVERHEAD_TARGET:.0f} s), {run.pods} pods",
        highlight=False,
        markup=False,
    )
    for found in checks:
        mark, style = ("ok    ", "green") if found.passed else ("FAILED", "red")
        words = f"  {mark} {found.sentence}" + (f": {found.found}" if found.found else "")
        console.print(words, style=style, highlight=False, markup=False)
