"""`python -m scripts.chart.readme`: write the chart's README; `--check` says which keys are not as it tells."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.chart.readme.page import page, stale
from scripts.chart.readme.values import ValuesError
from scripts.command import ends_in_words
from scripts.yaml_reader import read_text

CHART = Path(__file__).resolve().parents[3] / "charts" / "implementation-dag"


@ends_in_words("chart-readme", 1)
def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the README of the chart; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.chart.readme", description=__doc__)
    parser.add_argument("--chart", type=Path, default=CHART, help="folder of the chart")
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when the README is stale")
    options = parser.parse_args(arguments)
    readme = options.chart / "README.md"
    try:
        wanted = page(options.chart)
    except ValuesError as error:
        print(f"values.yaml and values.schema.json differ:\n{error}", file=sys.stderr)
        return 1
    if not options.check:
        readme.write_text(wanted, encoding="utf-8")
        return 0
    found = stale(wanted, read_text(readme) if readme.exists() else "")
    if found:
        print(f"{readme.name} is stale, run `make chart-readme`:\n" + "\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
