"""`python -m scripts.chart.package`: write the chart's package and print its sha256 and path."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from scripts.chart.package.archive import package

CHART = Path(__file__).resolve().parents[3] / "charts" / "implementation-dag"


@ends_in_words("package", 1)
def main(arguments: Sequence[str] | None = None) -> int:
    """Package the chart; the line on stdout is what `sha256sum --check` reads."""
    parser = argparse.ArgumentParser(prog="python -m scripts.chart.package", description=__doc__)
    parser.add_argument("--chart", type=Path, default=CHART, help="folder of the chart")
    parser.add_argument("--out", type=Path, default=Path("out/package"), help="folder of the package")
    options = parser.parse_args(arguments)
    made = package(options.chart, options.out)
    print(f"{hashlib.sha256(made.read_bytes()).hexdigest()}  {made}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
