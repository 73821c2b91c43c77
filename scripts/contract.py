"""`python -m scripts.contract`: write what documents have from the runtime's contract."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.marked import row, with_parts
from implementation_dag.contract.parameters import PARAMETERS
from implementation_dag.contract.repository_schema import schema

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "docs" / "implementation-dag.schema.json"
PAGE = ROOT / "docs" / "pipeline-user.md"
EXAMPLE = ROOT / "examples" / "changes" / "implementation-dag.yaml"


def made() -> dict[Path, str]:
    """Return the text of each file."""
    _, _, example = EXAMPLE.read_text(encoding="utf-8").partition("\n")
    parts = {"parameters": _parameters(), "example": f"```yaml\n{example}```\n"}
    return {
        SCHEMA: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        PAGE: with_parts(PAGE.read_text(encoding="utf-8"), parts, "docs/pipeline-user.md"),
    }


def _parameters() -> str:
    head = "| parameter | default | must be | meaning |\n|---|---|---|---|\n"
    return head + "".join(row(one.name, _default(one.default), one.allowed, one.description) for one in PARAMETERS)


def _default(default: str | None) -> str:
    if default is None:
        return "none: must be given"
    return f"`{default}`" if default else "empty"


@ends_in_words("contract")
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; return the exit code."""
    argparse.ArgumentParser(prog="python -m scripts.contract", description=__doc__).parse_args(arguments)
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
