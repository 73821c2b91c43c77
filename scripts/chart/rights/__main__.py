"""`python -m scripts.chart.rights`: rewrite tests/render/rights.yaml."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from idag.command import ends_in_words

from .snapshot import FILE, text


@ends_in_words("rights")
def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the file; return the exit code."""
    description = "Write tests/render/rights.yaml: what each identity of the chart can become."
    argparse.ArgumentParser(prog="python -m scripts.chart.rights", description=description).parse_args(arguments)
    FILE.write_text(text(), encoding="utf-8")
    print(f"{FILE.name} is written; read its diff")
    return 0


if __name__ == "__main__":
    sys.exit(main())
