"""`python -m scripts.chart.lint_docs`: write the tables of docs/lint.md from the rules and the faults of the sample."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.lint import RULES
from idag.marked import row, with_parts
from idag.render.manifests import Object, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "lint.md"
EXAMPLES = ROOT / "tests" / "lint" / "examples"


def rules_table() -> str:
    """One line a rule."""
    head = "| id | finds | why |\n|---|---|---|\n"
    return head + "".join(row(rule.id, rule.title, rule.why) for _, rule in sorted(RULES.items()))


def faults() -> list[Object]:
    """Every fault of the specification's sample, as the example of the rule that finds it says.

    `fault` in words, `at` the beginning of the path of its findings, `rule`; `argo` and `kubeconform` say what these
    tools say of it, if anything.
    """
    examples = {path.stem: load(path.read_text(encoding="utf-8")) for path in sorted(EXAMPLES.glob("*.yaml"))}
    return [fault | {"rule": rule} for rule, example in examples.items() for fault in example.get("sample", [])]


def faults_table() -> str:
    """One line a fault of the sample, and which tool tells it."""
    table = "| fault | argo lint | kubeconform | ours |\n|---|---|---|---|\n"
    for entry in faults():
        found = ["yes" if entry.get(tool) else "" for tool in ("argo", "kubeconform")]
        table += row(entry["fault"], *found, entry["rule"])
    return table


def written(page: str) -> str:
    """The page with its tables made anew. Raises ValueError when a table's place is not marked."""
    return with_parts(page, {"rules": rules_table(), "faults": faults_table()}, "docs/lint.md")


@ends_in_words("lint-docs")
def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the page; return the exit code."""
    description = "Write the tables of docs/lint.md from the rules and the faults of the sample."
    argparse.ArgumentParser(prog="python -m scripts.chart.lint_docs", description=description).parse_args(arguments)
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
