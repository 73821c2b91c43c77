"""The files of the repository that people edit."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path

from idag.marked import by_hand

# Nobody edits these by hand; what `make generate` and its like write is told to the command.
MADE_ELSEWHERE = (
    "requirements/dev.lock",
    "requirements/checkov.lock",
    "requirements/moto.lock",
    "runtime/requirements.lock",
    "examples/agents/requirements.lock",
    "tools/schemas",
    "tests/e2e/isolation/proven.yaml",
    "tests/e2e/isolation/rights.yaml",
)
# What may have parts that are made.
PARTLY_MADE = (".md", ".yaml")
# History, and the licence: a change adds to it and corrects nothing.
HISTORY = ("CHANGELOG.md", "docs/decisions", "LICENSE", "tests/render/upgrade")


class Files:
    """Texts of hand-edited files by their paths, without the parts that are made."""

    def __init__(self, root: Path, generated: Collection[str] = ()) -> None:
        left_out = (*generated, *MADE_ELSEWHERE, *HISTORY)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
        self.texts: dict[str, str] = {}
        for name in filter(None, listed.split("\0")):
            path = root / name
            if path.is_file() and not any(name == other or name.startswith(f"{other}/") for other in left_out):
                text = path.read_text(encoding="utf-8", errors="replace")
                self.texts[name] = by_hand(text) if path.suffix in PARTLY_MADE else text

    def below(self, *folders: str, suffix: str = "") -> dict[str, str]:
        """Those below `folders`, with names that end in `suffix`."""
        return {name: text for name, text in self.texts.items() if name.startswith(folders) and name.endswith(suffix)}
