"""`python -m scripts.chart.values`: write what is made from values.yaml; `--check` says what is stale."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.yaml_reader import read_text

from .entries import read
from .page import page, stale
from .schema import made

CHART = Path(__file__).resolve().parents[3] / "charts" / "implementation-dag"


@ends_in_words("chart-values", 1)
def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the schema and the README of the chart; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.chart.values", description=__doc__)
    parser.add_argument("--chart", type=Path, default=CHART, help="folder of the chart")
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 when something is stale")
    options = parser.parse_args(arguments)
    entries = read(options.chart)
    schema = made(entries)
    wanted = {
        "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        "README.md": page(options.chart, entries, schema),
    }
    if not options.check:
        for name, text in wanted.items():
            (options.chart / name).write_text(text, encoding="utf-8")
        return 0
    found = [line for name, text in wanted.items() for line in _differences(options.chart / name, text)]
    if found:
        print("stale, run `make chart-values`:\n" + "\n".join(found), file=sys.stderr)
    return 1 if found else 0


def _differences(path: Path, wanted: str) -> list[str]:
    kept = read_text(path) if path.exists() else ""
    if path.suffix == ".md":
        return [f"{path.name}: {line}" for line in stale(wanted, kept)]
    return [path.name] if wanted != kept else []


if __name__ == "__main__":
    sys.exit(main())
