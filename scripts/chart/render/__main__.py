"""`python -m scripts.chart.render`: this project's chart against its snapshots; `idag chart test` is for any chart."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.render import harness
from idag.render.layout import dump
from scripts.chart.render.project import SUITE


@ends_in_words("render")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0 as kept, 1 for differences, 2 when it cannot be told."""
    options = _parser().parse_args(arguments)
    progress = Progress("render")
    harness.have_tools(progress)
    if options.command == "check":
        return harness.check(SUITE, progress, options.junit)
    if options.command == "update":
        return harness.update(SUITE, progress)
    objects = SUITE.render(options.case).objects
    for address in options.address or objects:
        print(f"---\n{dump(objects[address].data)}", end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.chart.render",
        description="Render the chart for every case, Kubernetes minor and Helm major, and compare with its snapshots.",
    )
    choices = ("check", "update", "show")
    parser.add_argument("command", nargs="?", choices=choices, default="check", help="check is the default")
    parser.add_argument("case", nargs="?", default="default", help="(show) the case to print")
    parser.add_argument("address", nargs="*", help="(show) Kind/namespace/name of the objects to print, all by default")
    parser.add_argument("--junit", type=Path, help="(check) file for a JUnit report")
    return parser


if __name__ == "__main__":
    sys.exit(main())
