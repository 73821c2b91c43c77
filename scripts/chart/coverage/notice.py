"""Give a changed chart to the tests that render values of their own: they may notice what no case shows.

Tests that only see the cases, by `case` or `snapshots`, are left out: for them the changed chart is the same.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from idag.render import Suite
from scripts.chart.coverage.errors import CoverageError

_PASSED, _FAILED, _NOTHING_RAN = 0, 1, 5


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that use the suite but neither each case in turn nor the snapshots."""
    kept = [item for item in items if _renders(set(getattr(item, "fixturenames", ())))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    # The first that fails ends the run: tests with many cases come last.
    cases = Counter(item.nodeid.partition("[")[0] for item in kept)
    items[:] = sorted(kept, key=lambda item: cases[item.nodeid.partition("[")[0]])


def noticing(tests: Path) -> Callable[[Suite], str | None]:
    """Return a function that gives the first test below the folder that fails for a suite, None when none does.

    Raises CoverageError when the tests cannot be run or fail for the chart as it is.
    """

    def notice(suite: Suite) -> str | None:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
        command += ["-p", "scripts.chart.coverage.notice", str(tests), f"--chart={suite.chart}"]
        command += [f"--cases={suite.cases_folder}", f"--overlays={suite.overlays}", f"--snapshots={suite.snapshots}"]
        command += [f"--ci={suite.ci}"] if suite.ci else []
        command += [f"--release={suite.release}", f"--namespace={suite.namespace}"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        if done.returncode not in (_PASSED, _FAILED, _NOTHING_RAN):
            raise CoverageError(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if done.returncode == _FAILED and not failed:
            raise CoverageError(f"pytest failed and named no test:\n{done.stdout}{done.stderr}")
        return failed[0] if failed else None

    return notice


def _renders(fixtures: set[str]) -> bool:
    return "suite" in fixtures and not fixtures & {"case", "snapshots"}
