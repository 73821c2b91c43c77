"""Time and memory of the same assertions by our harness, helm-unittest and plain `helm template`.

`make bench-render` writes out/bench/render.json; README.md beside this file says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.render import process, suites
from benchmarks.render.assertions import Assertion, read
from idag.command import ends_in_words
from idag.progress import Progress
from idag.render import NEWEST, TARGETS
from idag.render.targets import KUBERNETES
from idag.toolchain import tool
from scripts.chart.render.project import SUITE

ROUNDS = 3
OUT = Path("out") / "bench" / "render.json"
Measured = process.Measured


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the figures and print them."""
    argparse.ArgumentParser(prog="python -m benchmarks.render", description=__doc__).parse_args(arguments)
    assertions = read()
    progress = Progress("bench")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _check_that_a_false_one_fails(assertions, work)
        found = _rounds(assertions, work, progress)
        progress(f"plain helm template, {len(assertions) * len(TARGETS)} runs")
        found["plain"] = [process.run([sys.executable, "-m", "benchmarks.render.plain"])]
    figures = _figures(found, len(assertions))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    return 0


def _rounds(assertions: Sequence[Assertion], work: Path, progress: Progress) -> dict[str, list[Measured]]:
    """Every program in turn, three times, so that none has the quiet moments of the machine for itself."""
    alone, together, one = (work / name for name in ("alone", "together", "newest"))
    charts = {
        "helm_unittest": _chart(assertions, alone, KUBERNETES, grouped=False),
        "helm_unittest_grouped": _chart(assertions, together, KUBERNETES, grouped=True),
        "helm_unittest_one_target": _chart(assertions, one, [NEWEST.kubernetes], grouped=False),
    }
    cache = work / "cache"
    programs: dict[str, Callable[[], Measured]] = {
        "ours": lambda: _ours(cache, empty=True),
        "ours_warm": lambda: _ours(cache, empty=False),
        "ours_one_target": lambda: _ours(work / "cache-one", empty=True, targets="newest"),
        **{name: lambda chart=chart: _unittest(chart) for name, chart in charts.items()},  # type: ignore[misc]
    }
    found: dict[str, list[Measured]] = {name: [] for name in programs}
    for number in range(ROUNDS):
        for name, program in programs.items():
            found[name].append(program())
            progress(f"round {number + 1} of {ROUNDS}: {name} {found[name][-1].seconds:.1f} s")
    return found


def _ours(cache: Path, *, empty: bool, targets: str = "all") -> Measured:
    if empty:
        shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "benchmarks/render/test_ours.py"]
    return process.run(command, {"BENCH_CACHE": str(cache), "BENCH_TARGETS": targets})


def _unittest(chart: Path) -> Measured:
    return process.run([tool("helm-unittest"), "--strict", chart])


def _chart(assertions: Sequence[Assertion], folder: Path, minors: Sequence[str], *, grouped: bool) -> Path:
    """A copy of our chart with the assertions in its folder of tests, where helm-unittest looks for them."""
    chart = folder / SUITE.chart.name
    shutil.copytree(SUITE.chart, chart)
    suites.write(SUITE, assertions, minors, chart / "tests", grouped=grouped)
    return chart


def _check_that_a_false_one_fails(assertions: Sequence[Assertion], work: Path) -> None:
    """A suite that cannot fail would be fast for nothing. Raises RuntimeError."""
    first = next(assertion for assertion in assertions if assertion.check == "equals")
    chart = _chart([replace(first, wanted="another")], work / "false", [NEWEST.kubernetes], grouped=False)
    try:
        _unittest(chart)
    except process.ProgramError:
        return
    raise RuntimeError(f"helm-unittest passes a false assertion: {first.name}")


def _figures(found: dict[str, list[Measured]], assertions: int) -> dict[str, object]:
    seconds = {name: round(statistics.median(run.seconds for run in runs), 2) for name, runs in found.items()}
    theirs = seconds["helm_unittest"]
    return {
        "assertions": assertions,
        "targets": {"ours": len(TARGETS), "plain": len(TARGETS), "helm_unittest": len(KUBERNETES)},
        **{f"{name}_seconds": value for name, value in seconds.items()},
        "ratio": round(seconds["ours"] / theirs, 3),
        "ratio_warm": round(seconds["ours_warm"] / theirs, 3),
        "ratio_to_grouped": round(seconds["ours"] / seconds["helm_unittest_grouped"], 3),
        "ratio_warm_to_grouped": round(seconds["ours_warm"] / seconds["helm_unittest_grouped"], 3),
        "ratio_one_target": round(seconds["ours_one_target"] / seconds["helm_unittest_one_target"], 3),
        "ratio_plain": round(seconds["plain"] / theirs, 3),
        "peak_mb": {name: round(max(run.peak_mb for run in runs)) for name, runs in found.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
