"""The pre-commit hooks are valid, fetch nothing, and run programs that are here."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / ".pre-commit-config.yaml"


def test_the_configuration_is_valid() -> None:
    program = Path(sys.executable).parent / "pre-commit"
    done = subprocess.run([program, "validate-config", CONFIG], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_hooks_use_the_virtual_environment_and_the_makefile_only() -> None:
    repositories = yaml.safe_load(CONFIG.read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        assert hook["language"] == "system", hook["id"]
        program = shlex.split(hook["entry"])[0]
        assert program in ("make", "bash") or (ROOT / program).is_file(), f"{hook['id']}: {program} is not there"
