"""What the tests of monitoring saw, as one file: `python -m scripts.lab.monitoring.summary SUMMARY JUNIT...`.

The tests' reports are JUnit's; each test notes what it saw as properties of its case. What no test saw is not in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from idag.command import ends_in_words
from scripts.lab import junit

# Of each part its figures, all there is first: they count what was noted under these names, the same twice once.
COUNTED = {
    "metrics": {"total": "metric", "as_expected": "metric_as_expected"},
    "alerts": {"total": "alert", "fired": "alert_fired", "kept_quiet": "alert_kept_quiet"},
    "dashboard_queries": {"total": "query", "with_data": "query_with_data"},
    "traces": {"runs": "trace", "complete": "trace_complete"},
}
SERIES = "series_after_100_runs"


def summary(reports: Iterable[Path]) -> dict[str, Any]:
    """Return the summary."""
    noted = junit.read(reports)
    found: dict[str, Any] = {
        part: {figure: len({*noted.values.get(of, ())}) for figure, of in figures.items()}
        for part, figures in COUNTED.items()
        if next(iter(figures.values())) in noted.values
    }
    if SERIES in noted.values:
        found[SERIES] = max(int(value) for value in noted.values[SERIES])
    return found | {"tests": noted.tests, "failed": noted.failed}


@ends_in_words("observability")
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the summary and print it."""
    parser = argparse.ArgumentParser(prog="python -m scripts.lab.monitoring.summary", description=__doc__)
    parser.add_argument("summary", type=Path)
    parser.add_argument("junit", type=Path, nargs="+")
    parser.add_argument("--pages", type=Path, help="what the browser found in the reports of runs")
    asked = parser.parse_args(arguments)
    pages = {"report": json.loads(asked.pages.read_text())} if asked.pages else {}
    text = json.dumps(summary(asked.junit) | pages, indent=2)
    asked.summary.write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
