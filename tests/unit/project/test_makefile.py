"""`make help` lists every command there is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_help_lists_every_command_with_what_it_does() -> None:
    commands = re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), flags=re.M)
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = dict(re.findall(r"^  (\S+) +(\S.*)$", done.stdout, flags=re.M))
    silent = [name for name in commands if name not in told]
    assert not silent, f"give these a line of help in the Makefile (name: ... ## what it does): {silent}"


def test_the_locale_of_a_person_changes_nothing() -> None:
    command = ["make", "--no-print-directory", "--eval", "shown: ; @locale charmap; echo $$LC_ALL", "shown"]
    environment = {**os.environ, "LC_ALL": "de_DE.ISO-8859-1", "LANG": "de_DE"}
    # make itself may warn in German before it has read the Makefile.
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, check=True
    )
    assert done.stdout.split() == [b"UTF-8", b"C.UTF-8"]
