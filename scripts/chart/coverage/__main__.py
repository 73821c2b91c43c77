"""`python -m scripts.chart.coverage`: measure this project's chart, or another one's (`--chart`, `--cases`).

Prints what is not covered and the figures, writes summary.json and index.html, and fails below the committed floor.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.render import Suite
from scripts.chart.coverage import floor, page, refusals, report
from scripts.chart.coverage.measure import measure
from scripts.chart.coverage.notice import noticing
from scripts.chart.coverage.part import Part
from scripts.chart.render.project import ROOT, SUITE

TESTS = ROOT / "tests" / "render"
REFUSED = TESTS / "refused"
FLOOR = TESTS / "coverage.toml"


@ends_in_words("coverage")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0, 1 below the floor, 2 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m scripts.chart.coverage", description=__doc__)
    parser.add_argument("--chart", type=Path, help="folder of another chart; it has no floor")
    parser.add_argument("--cases", type=Path, help="folder of its values files, one a case")
    parser.add_argument("--out", type=Path, default=Path("out/coverage"), help="folder of the report")
    parser.add_argument(
        "--only",
        nargs="+",
        default=(),
        metavar="NAME",
        help="measure templates at or below a path (templates/forge), or values (forge.limits), alone: without a floor",
    )
    parser.add_argument("--raise-floor", action="store_true", help="commit to what is measured now where it is more")
    options = parser.parse_args(arguments)
    if options.chart is None and options.cases is not None:
        parser.error("--cases belongs to --chart")
    if options.only and options.raise_floor:
        parser.error("--raise-floor is for the whole chart, not with --only")
    suite = Suite(chart=options.chart.resolve(), cases_folder=options.cases) if options.chart else SUITE
    progress = Progress("coverage")
    # Before the minutes that measuring takes.
    options.out.mkdir(parents=True, exist_ok=True)
    part = Part(options.only)
    coverage = (
        measure(suite, progress, part=part)
        if options.chart
        else measure(suite, progress, noticing(TESTS), refusals.read(REFUSED), part)
    )
    report.write_summary(coverage, suite.chart, options.out / "summary.json")
    (options.out / "index.html").write_text(page.html(coverage, suite.chart), encoding="utf-8")
    print(*report.lines(coverage), sep="\n")
    print(f"see {options.out / 'index.html'}")
    if options.chart or options.only:
        return 0
    if options.raise_floor:
        floor.raise_to(FLOOR, coverage.percentages)
    faults = floor.below(coverage.percentages, floor.read(FLOOR))
    for fault in faults:
        progress(f"error: {fault}: add what is listed above to a case in tests/render/cases or to a test")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
