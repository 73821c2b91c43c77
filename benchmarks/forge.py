"""How fast and how cheap pull requests are taken up, against the limits: `make bench-forge`, after `make e2e-forge`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words

SUMMARY = Path("out") / "forge" / "summary.json"
# Name in the summary → what it is for people, and the most that it may be.
LIMITS = {
    "webhook_to_workflow_p95_s": ("delivery → Workflow exists, p95, seconds", 2.0),
    "close_to_gone_p95_s": ("closed → namespace gone, p95, seconds", 60.0),
    "poll_calls_in_an_hour": ("lists of 100 repositories in an hour, at the values' defaults", 2000.0),
    "forge_calls_of_a_run": ("calls of the forge for a run", 60.0),
}


@ends_in_words("bench")
def main(arguments: Sequence[str] | None = None) -> int:
    """Print each figure with its limit; 1 where one is not held, or was not measured."""
    argparse.ArgumentParser(prog="python -m benchmarks.forge", description=__doc__).parse_args(arguments)
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
