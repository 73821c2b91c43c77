"""A git checkout of the example application, as the agents get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CHANGES = ROOT / "examples" / "changes"
AGENTS = ROOT / "examples" / "agents"


def make_checkout(folder: Path) -> Path:
    """Copy the shop into `folder`/src and commit it."""
    source = folder / "src"
    shutil.copytree(
        ROOT / "examples" / "app", source, ignore=shutil.ignore_patterns("__pycache__", ".*_cache", ".coverage")
    )
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "Shop")
    return source


def git(checkout: Path, *arguments: str) -> str:
    """Run git in the checkout and return its output."""
    return subprocess.run(["git", *arguments], cwd=checkout, check=True, capture_output=True, text=True).stdout


def run_python(
    checkout: Path, *arguments: str | Path, evidence: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this Python in the checkout the way a pod does: no caches, evidence in its own folder."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    if evidence:
        environment["EVIDENCE_DIR"] = str(evidence)
    command = [sys.executable, *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
