"""`python -m scripts.decisions`: write docs/decisions/README.md, the index of the decisions."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from idag.command import ends_in_words

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "decisions"
HEAD = """\
# Decisions

Why things are as they are: one page each, in the words of the time. A decision that another one replaced stays, and
says so in its second paragraph. `make generate` writes this index.

| | decision | status |
|---|---|---|
"""
_TITLE = re.compile(r"# (\d+)\. (\S.*)")
_REPLACED = re.compile(r"\*No longer so: \[decision (\d+)\]\((\d{4}-[a-z0-9-]+\.md)\)\.\*")


@dataclass(frozen=True)
class Decision:
    """One page: its number, its title, and the number of the decision that replaced it."""

    path: Path
    number: int
    title: str
    replaced_by: int | None

    @property
    def row(self) -> str:
        """Its line in the index."""
        status = "in force" if self.replaced_by is None else f"replaced by {self.replaced_by}"
        return f"| {self.number} | [{self.title}]({self.path.name}) | {status} |\n"


def read(path: Path) -> Decision:
    """Read a page. Raises ValueError when it has not the form of a decision."""
    paragraphs = path.read_text(encoding="utf-8").split("\n\n")
    title = _TITLE.fullmatch(paragraphs[0])
    if title is None or int(title[1]) != int(path.name[:4]):
        raise ValueError(
            f"{path.name} starts with {paragraphs[0]!r}; a decision starts with '# {int(path.name[:4])}. TITLE'"
        )
    replaced = _REPLACED.fullmatch(paragraphs[1].strip()) if len(paragraphs) > 1 else None
    if replaced and not (path.parent / replaced[2]).is_file():
        raise ValueError(f"{path.name} is replaced by {replaced[2]}, which is not there")
    return Decision(path, int(title[1]), title[2], int(replaced[1]) if replaced else None)


def index(folder: Path = FOLDER) -> str:
    """The page that lists them all. Raises ValueError as `read`."""
    found = [read(path) for path in sorted(folder.glob("[0-9]*.md"))]
    return HEAD + "".join(decision.row for decision in found)


@ends_in_words("decisions")
def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the index; return the exit code."""
    description = "Write docs/decisions/README.md, the index of the decisions."
    argparse.ArgumentParser(prog="python -m scripts.decisions", description=description).parse_args(arguments)
    (FOLDER / "README.md").write_text(index(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
