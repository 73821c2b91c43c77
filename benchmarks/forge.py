"""How fast and how cheap pull requests are taken up, against the limits: `make bench-forge`, after `make e2e-forge`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

SUMMARY = Path("out") / "forge" / "summary.json"
# Name in the summary → what it is for people, and the most that it may be.
LIMITS = {
    "webhook_to_workflow_p95_s": ("delivery → Workflow exists, p95, seconds", 2.0),
    "close_to_gone_p95_s": ("closed → namespace gone, p95, seconds", 60.0),
    "poll_calls_in_an_hour": ("lists of 100 repositories in an hour, at the values' defaults", 2000.0),
    "forge_calls_of_a_run": ("calls of the forge for a run", 60.0),
}


def main() -> int:
    """Print each figure with its limit; 1 where one is not held, or was not measured."""
    found = json.loads(SUMMARY.read_text())
    good = True
    for name, (words, most) in LIMITS.items():
        value = found.get(name)
        held = value is not None and value <= most
        good = good and held
        print(
            f"{'held    ' if held else 'NOT held'} {words}: {'not measured' if value is None else value} (≤ {most:g})"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
