"""Programs run in a git checkout of the example application, as in the agents' pods."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
CHANGES = ROOT / "examples" / "changes"
AGENTS = ROOT / "examples" / "agents"


def git(checkout: Path, *arguments: str) -> str:
    """Run git in the checkout and return its output."""
    return subprocess.run(["git", *arguments], cwd=checkout, check=True, capture_output=True, text=True).stdout


def run_python(
    checkout: Path, *arguments: str | Path, evidence: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this Python in the checkout the way a pod does: no caches, pytest-cov alone, evidence in its own folder."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_cov"}
    environment.pop("PYTEST_ADDOPTS", None)
    if evidence:
        environment["EVIDENCE_DIR"] = str(evidence)
    command = [sys.executable, *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
