"""IDAG711: what shellcheck says of every piece of shell, in the dialect of its shell and image."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scripts.lint.registry import Hit, rule
from scripts.lint.rules.programs import image_of
from scripts.lint.scope import Scope
from scripts.lint.shell import ShellText
from scripts.yaml_reader import InputError

_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@rule(
    "IDAG711",
    "shellcheck",
    "unquoted variables split, `set -e` is lost in places: shellcheck knows them; SCnnnn has a wiki page",
)
def shellcheck(scope: Scope) -> Iterator[Hit]:
    """`# shellcheck disable=SCnnnn` in the script silences one finding, as everywhere."""
    for text in scope.shell_texts:
        for line, code, message in complaints(_TAG.sub("${ARGO_FILLS_THIS_IN}", text.text), _dialect(text)):
            yield Hit(text.address, text.path, f"line {line}: SC{code} {message}")


@cache
def complaints(text: str, dialect: str) -> tuple[tuple[int, int, str], ...]:
    """Run shellcheck on a text: (line, code, message). Raises FileNotFoundError when it is not installed."""
    beside = Path(sys.executable).with_name("shellcheck")
    program = str(beside) if beside.is_file() else shutil.which("shellcheck")
    if not program:
        raise FileNotFoundError("shellcheck is not installed: `make venv` puts it into .venv/bin")
    command = [program, "--format", "json", "--shell", dialect, "--severity", "info", "-"]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    if done.returncode > 1:
        raise InputError(f"shellcheck ended with code {done.returncode}: {done.stderr.strip()}")
    return tuple((entry["line"], entry["code"], entry["message"]) for entry in json.loads(done.stdout))


def _dialect(text: ShellText) -> str:
    image = image_of(text)
    if text.shell in ("sh", "ash") and image and image.busybox:
        return "busybox"
    return {"ash": "dash"}.get(text.shell, text.shell)
