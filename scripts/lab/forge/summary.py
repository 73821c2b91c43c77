"""What the tests at a forge counted, as one file: `python -m scripts.lab.forge.summary SUMMARY REPORT...`.

The reports are JUnit's; each test notes what it did as properties of its case.
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

# Of these the sum counts, of the next the largest, of the last the 95th percentile in seconds.
SUMS = (
    "deliveries_sent", "workflows_started", "lost", "doubled", "disallowed_calls", "schema_violations",
    "webhook_examples_replayed", "reviews", "comments",
)  # fmt: skip
LARGEST = ("most_live_runs_of_one_pull_request", "poll_calls_in_an_hour")
PERCENTILES = {"webhook_to_workflow_p95_s": "webhook_to_workflow_s", "close_to_gone_p95_s": "close_to_gone_s"}


def summary(reports: Iterable[Path]) -> dict[str, Any]:
    """Return the summary; what no test measured is null."""
    noted = junit.read(reports)
    numbers = {name: [float(text) for text in texts] for name, texts in noted.values.items() if name != "forge"}
    return {
        "forge": next(iter(noted.values.get("forge", [])), None),
        **{name: int(sum(numbers[name])) if name in numbers else None for name in SUMS},
        **{name: int(max(numbers[name])) if name in numbers else None for name in LARGEST},
        **{name: percentile(numbers[of]) if of in numbers else None for name, of in PERCENTILES.items()},
        "forge_calls_of_a_run": _of_each("forge_calls", "workflows_started", noted.cases),
        "measured": {of: len(numbers.get(of, [])) for of in PERCENTILES.values()},
        "tests": noted.tests,
        "failed": noted.failed,
    }


def _of_each(what: str, of: str, cases: list[dict[str, str]]) -> float | None:
    """Return how much of `what` there was for each of `of`, in the tests that noted both."""
    both = [case for case in cases if {what, of} <= case.keys()]
    count = sum(float(case[of]) for case in both)
    return round(sum(float(case[what]) for case in both) / count, 1) if count else None


def percentile(found: list[float]) -> float:
    """Return the 95th percentile: the smallest of which 95 of 100 are no larger."""
    return round(sorted(found)[-(-len(found) * 95 // 100) - 1], 2)


@ends_in_words("forge")
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the summary and print it."""
    parser = argparse.ArgumentParser(prog="python -m scripts.lab.forge.summary", description=__doc__)
    parser.add_argument("summary", type=Path)
    parser.add_argument("report", type=Path, nargs="+")
    asked = parser.parse_args(arguments)
    text = json.dumps(summary(asked.report), indent=2)
    asked.summary.write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
