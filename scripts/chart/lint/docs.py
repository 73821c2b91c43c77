"""`python -m scripts.chart.lint.docs`: write the tables of docs/lint.md from the rules and the faults of the sample."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.chart.lint import RULES
from scripts.chart.render.manifests import load
from scripts.command import ends_in_words

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "lint.md"
FAULTS = ROOT / "tests" / "lint" / "spec_sample" / "faults.yaml"


def rules_table() -> str:
    """One line a rule."""
    lines = ["| id | finds | why |", "|---|---|---|"]
    return "\n".join(lines + [_row(rule.id, rule.title, rule.why) for _, rule in sorted(RULES.items())])


def faults_table() -> str:
    """One line a fault of the sample, and which tool tells it."""
    lines = ["| fault | argo lint | kubeconform | ours |", "|---|---|---|---|"]
    for entry in load(FAULTS.read_text(encoding="utf-8")):
        found = ["yes" if entry.get(tool) else "" for tool in ("argo", "kubeconform")]
        lines.append(_row(entry["fault"], *found, ", ".join(entry["rules"])))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def written(page: str) -> str:
    """The page with its tables made anew. Raises ValueError when a table's place is not marked."""
    for name, table in (("rules", rules_table()), ("faults", faults_table())):
        before, mark, rest = page.partition(f"<!-- {name}: written by `make lint-docs` -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        if not mark or not end:
            raise ValueError(f"docs/lint.md has no place for the table of {name}")
        page = f"{before}{mark}{table}\n{end}{after}"
    return page


@ends_in_words("lint-docs")
def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the page; return the exit code."""
    description = "Write the tables of docs/lint.md from the rules and the faults of the sample."
    argparse.ArgumentParser(prog="python -m scripts.chart.lint.docs", description=description).parse_args(arguments)
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
