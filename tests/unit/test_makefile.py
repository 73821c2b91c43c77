"""`make help` lists every command there is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_help_lists_every_command_with_what_it_does() -> None:
    commands = re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), flags=re.M)
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = dict(re.findall(r"^  (\S+) +(\S.*)$", done.stdout, flags=re.M))
    silent = [name for name in commands if name not in told]
    assert not silent, f"give these a line of help in the Makefile (name: ... ## what it does): {silent}"
