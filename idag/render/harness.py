"""Check a chart against its snapshots, or rewrite them, and say so."""

from __future__ import annotations

import time
from pathlib import Path

from idag.progress import Progress
from idag.render.cases import DEFAULT
from idag.render.report import report, write_junit
from idag.render.snapshots import Snapshots
from idag.render.suite import Suite
from idag.toolchain.build import build_all, select
from idag.toolchain.pins import read_pins
from idag.toolchain.store import Store, cache_root

_TOOLS = ("helm3", "helm4", "kubectl-kustomize")


def have_tools(progress: Progress) -> None:
    """Fetch the programs that render, unless they are there. Raises ToolError."""
    store = Store(cache_root(), read_pins())
    missing = [name for name in _TOOLS if not (store.bin_folder / name).is_file()]
    if missing:
        build_all(store, select(store.pins, (), missing), progress)


def check(suite: Suite, progress: Progress, junit: Path | None = None) -> int:
    """Print what is not as kept; return 1 when something is. Raises RenderError, SuiteError."""
    snapshots = Snapshots(suite)
    failures, seconds, found = {}, {}, []
    for case in suite.cases:
        start = time.monotonic()
        differences = snapshots.differences(case)
        failures[case], seconds[case] = report(differences, suite.targets), time.monotonic() - start
        found += differences
    # Stale files are told only of a tree that is right otherwise: the same change makes both.
    wrong = report(found, suite.targets) or "\n".join(snapshots.misplaced())
    if junit:
        if not found:
            failures[DEFAULT] = wrong
        write_junit(junit, failures, seconds)
    print(wrong, end="\n" if wrong else "")
    progress(f"{_figures(snapshots)}: {'not as kept, see above' if wrong else 'as kept'}")
    return 1 if wrong else 0


def update(suite: Suite, progress: Progress) -> int:
    """Rewrite the snapshots and print the names of those that changed; return 0. Raises RenderError, SuiteError."""
    snapshots = Snapshots(suite)
    for name in (touched := snapshots.update()):
        print(name)
    progress(f"{_figures(snapshots)}: {len(touched)} files changed in {snapshots.folder}")
    return 0


def _figures(snapshots: Snapshots) -> str:
    suite = snapshots.suite
    objects = sum(len(targets) for case in suite.cases for targets in snapshots.rendered(case).values())
    return f"{len(suite.cases)} cases, {len(suite.targets)} targets, {objects} objects"
