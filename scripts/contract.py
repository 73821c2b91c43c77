"""`python -m scripts.contract`: write what is made from the runtime's contract into docs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from implementation_dag.contract.repository_schema import schema
from scripts.command import ends_in_words

DOCS = Path(__file__).resolve().parents[1] / "docs"


@ends_in_words("contract")
def main(arguments: Sequence[str] | None = None) -> int:
    """Write docs/implementation-dag.schema.json; return the exit code."""
    argparse.ArgumentParser(prog="python -m scripts.contract", description=__doc__).parse_args(arguments)
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    (DOCS / "implementation-dag.schema.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
