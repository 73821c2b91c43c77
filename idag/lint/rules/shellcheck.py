"""IDAG711: what shellcheck says of every piece of shell, in the dialect of its shell and image."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from idag.lint import tags
from idag.lint.registry import Hit, rule
from idag.lint.rules.programs import image_of
from idag.lint.scope import Scope
from idag.lint.shell import ShellText
from idag.yaml_reader import InputError

# Said of our placeholders alone, these are about what Argo pastes in before the shell reads it: IDAG101's matter.
_OF_PLACEHOLDERS = (2086, 2016, 2206, 2027)
_PLACEHOLDER = re.compile(r"\$\{ARGO_FILLS_IN_\d+\}")
# $RANDOM and `>& file`: shellcheck takes busybox for dash, but its shell has both.
_NOT_OF_BUSYBOX = (3021, 3028)


@rule(
    "IDAG711",
    "shellcheck",
    "unquoted variables split, `set -e` is lost in places: shellcheck knows them; SCnnnn has a wiki page",
)
def shellcheck(scope: Scope) -> Iterator[Hit]:
    """`# shellcheck disable=SCnnnn` in the script silences one finding, as everywhere."""
    for text in scope.shell_texts:
        code, dialect = _with_placeholders(text.text), _dialect(text)
        for complaint in complaints(code, dialect):
            is_of_placeholder = complaint.code in _OF_PLACEHOLDERS and _is_placeholder(code, complaint)
            if not is_of_placeholder and not (dialect == "busybox" and complaint.code in _NOT_OF_BUSYBOX):
                message = f"line {complaint.line}: SC{complaint.code} {complaint.message}"
                yield Hit(text.address, text.path, message)


class Complaint(NamedTuple):
    """What shellcheck says; columns count from 1, the last one is behind the place."""

    line: int
    columns: tuple[int, int]
    code: int
    message: str


@cache
def complaints(text: str, dialect: str) -> tuple[Complaint, ...]:
    """Run shellcheck on a text. Raises FileNotFoundError when it is not installed."""
    beside = Path(sys.executable).with_name("shellcheck")
    program = str(beside) if beside.is_file() else shutil.which("shellcheck")
    if not program:
        raise FileNotFoundError("shellcheck is not installed: `make venv` puts it into .venv/bin")
    command = [program, "--format", "json1", "--shell", dialect, "--severity", "info", "-"]
    # It reads and writes in the encoding of the locale.
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", env=environment, check=False)
    if done.returncode > 1:
        raise InputError(f"shellcheck ended with code {done.returncode}: {done.stderr.strip()}")
    return tuple(
        Complaint(entry["line"], (entry["column"], entry["endColumn"]), entry["code"], entry["message"])
        for entry in json.loads(done.stdout)["comments"]
    )


def _with_placeholders(text: str) -> str:
    """A variable of its own for each of Argo's tags that differs: equal names would look like the same file."""
    names: dict[str, str] = {}
    return tags.replaced(text, lambda tag: names.setdefault(tag[0], f"${{ARGO_FILLS_IN_{len(names)}}}"))


def _is_placeholder(code: str, complaint: Complaint) -> bool:
    """Whether all that could expand at the place is a placeholder; the place of a quoted text is its first quote."""
    start, end = complaint.columns
    here = code.splitlines()[complaint.line - 1 :]
    place = here[0][start - 1 : end - 1]
    if place.startswith("'"):
        place = "\n".join(here)[start:].partition("'")[0]
    return bool(_PLACEHOLDER.search(place)) and not re.search(r"[$`]", _PLACEHOLDER.sub("", place))


def _dialect(text: ShellText) -> str:
    image = image_of(text)
    if text.shell in ("sh", "ash") and image and image.busybox:
        return "busybox"
    return {"ash": "dash"}.get(text.shell, text.shell)
