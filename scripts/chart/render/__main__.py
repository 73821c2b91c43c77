"""`python -m scripts.chart.render`: check a chart against its snapshots; see --help."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.render.cases import DEFAULT
from idag.render.errors import RenderError, SuiteError
from idag.render.layout import dump
from idag.render.report import report, write_junit
from idag.render.snapshots import Snapshots
from idag.render.suite import Suite
from idag.toolchain import ToolError
from idag.toolchain.build import build_all, select
from idag.toolchain.pins import read_pins
from idag.toolchain.store import Store, cache_root
from scripts.chart.render.project import SUITE

_TOOLS = ("helm3", "helm4", "kubectl-kustomize")


@ends_in_words("render")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0 as kept, 1 for differences, 2 when it cannot be told."""
    options = _parser().parse_args(arguments)
    progress = Progress("render")
    try:
        store = Store(cache_root(), read_pins())
        missing = [name for name in _TOOLS if not (store.bin_folder / name).is_file()]
        if missing:
            build_all(store, select(store.pins, (), missing), progress)
        return _COMMANDS[options.command](_suite(options), options, progress)
    except (RenderError, SuiteError, ToolError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _check(suite: Suite, options: argparse.Namespace, progress: Progress) -> int:
    snapshots = Snapshots(suite)
    failures, seconds, found = {}, {}, []
    for case in suite.cases:
        start = time.monotonic()
        differences = snapshots.differences(case)
        failures[case], seconds[case] = report(differences, suite.targets), time.monotonic() - start
        found += differences
    # Stale files are told only of a tree that is right otherwise: the same change makes both.
    wrong = report(found, suite.targets) or "\n".join(snapshots.misplaced())
    if options.junit:
        if not found:
            failures[DEFAULT] = wrong
        write_junit(options.junit, failures, seconds)
    print(wrong, end="\n" if wrong else "")
    progress(f"{_figures(snapshots)}: {'not as kept, see above' if wrong else 'as kept'}")
    return 1 if wrong else 0


def _update(suite: Suite, options: argparse.Namespace, progress: Progress) -> int:
    snapshots = Snapshots(suite)
    for name in (touched := snapshots.update()):
        print(name)
    progress(f"{_figures(snapshots)}: {len(touched)} files changed in {snapshots.folder}")
    return 0


def _show(suite: Suite, options: argparse.Namespace, progress: Progress) -> int:
    objects = suite.render(options.case).objects
    for address in options.address or objects:
        print(f"---\n{dump(objects[address].data)}", end="")
    return 0


_COMMANDS = {"check": _check, "update": _update, "show": _show}


def _figures(snapshots: Snapshots) -> str:
    suite = snapshots.suite
    objects = sum(len(targets) for case in suite.cases for targets in snapshots.rendered(case).values())
    return f"{len(suite.cases)} cases, {len(suite.targets)} targets, {objects} objects"


def _suite(options: argparse.Namespace) -> Suite:
    if options.chart is None:
        return SUITE
    chart = options.chart.resolve()
    cases = (options.cases or Path("cases")).resolve()
    if not cases.is_dir():
        raise SuiteError(f"--cases {options.cases}: no such folder; give the folder of the values files")
    return Suite(
        chart=chart,
        cases_folder=cases,
        overlays=options.overlays and options.overlays.resolve(),
        ci=options.ci and options.ci.resolve(),
        snapshots=(options.snapshots or cases.parent / "snapshots").resolve(),
        release=options.release,
        namespace=options.namespace,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.chart.render",
        description="Render a chart for every case, Kubernetes minor and Helm major, and compare with its snapshots.",
    )
    parser.add_argument("command", nargs="?", choices=_COMMANDS, default="check", help="check is the default")
    parser.add_argument("case", nargs="?", default="default", help="(show) the case to print")
    parser.add_argument("address", nargs="*", help="(show) Kind/namespace/name of the objects to print, all by default")
    parser.add_argument("--chart", type=Path, help="folder of the chart; this project's own without it")
    parser.add_argument("--cases", type=Path, help="folder of values files, each a case")
    parser.add_argument("--snapshots", type=Path, help="folder of snapshots; beside the cases without it")
    parser.add_argument("--overlays", type=Path, help="folder of Kustomize overlays, each a case")
    parser.add_argument("--ci", type=Path, help="folder of <name>-values.yaml, each the case ci/<name>")
    parser.add_argument("--junit", type=Path, help="(check) file for a JUnit report")
    parser.add_argument("--release", default="", help="name of the release; the chart's name without it")
    parser.add_argument("--namespace", default="default", help="namespace of the release")
    return parser


if __name__ == "__main__":
    sys.exit(main())
