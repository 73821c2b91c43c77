"""Write what was measured: summary.json for programs, lines for the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from scripts.chart.coverage.measure import Coverage
from scripts.chart.coverage.values import dotted


def write_summary(coverage: Coverage, chart: Path, path: Path) -> None:
    """Write the figures, what is not covered, and each surviving mutant with its diff."""
    summary = {
        **coverage.figures,
        "keys_not_exercised": [dotted(key) for key in coverage.values.keys if key not in coverage.keys],
        "branches_not_reached": [str(arm) for arm in coverage.branches if arm.number not in coverage.reached],
        "survivors": [
            {
                "kind": mutant.kind,
                "file": mutant.file,
                "line": mutant.line,
                "what": mutant.what,
                "diff": mutant.diff((chart / mutant.file).read_text(encoding="utf-8")),
            }
            for mutant in coverage.survivors
        ],
    }
    path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def lines(coverage: Coverage) -> Iterator[str]:
    """Yield what is not covered, then the figures."""
    for key in coverage.values.keys:
        if key not in coverage.keys:
            yield f"not exercised  values.yaml: {dotted(key)}"
    for arm in coverage.branches:
        if arm.number not in coverage.reached:
            yield f"not reached    {arm}"
    for mutant in coverage.survivors:
        yield f"not noticed    {mutant.file}:{mutant.line}: {mutant.what}"
    figures, per_cent = coverage.figures, coverage.percentages
    for name, done in (("value_keys", "exercised"), ("branches", "exercised"), ("mutants", "killed")):
        title = name.replace("_", " ")
        yield f"{title:<11} {figures[f'{name}_{done}']:>4} of {figures[name]:>4} {done:<9} {per_cent[name]:5.1f} %"
