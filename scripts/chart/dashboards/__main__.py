"""`python -m scripts.chart.dashboards`: write the chart's dashboards."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words

from .cost import COST
from .fleet import FLEET
from .grafana import written
from .pipeline import PIPELINE

FOLDER = Path(__file__).resolve().parents[3] / "charts" / "implementation-dag" / "files" / "dashboards"
BOARDS = (FLEET, PIPELINE, COST)


@ends_in_words("dashboards")
def main(arguments: Sequence[str] | None = None) -> int:
    """Write each into its file; return the exit code."""
    description = "Write the chart's dashboards."
    argparse.ArgumentParser(prog="python -m scripts.chart.dashboards", description=description).parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        (FOLDER / f"{board.name}.json").write_text(written(board), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
