"""actionlint knows GitHub's workflow language: expressions, contexts, shell; it runs on ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from idag.toolchain import tool

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or ""
    command = [str(tool("actionlint")), "-no-color", f"-shellcheck={shellcheck}", "-pyflakes=", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_our_workflows_are_clean() -> None:
    done = lint(*sorted(FOLDER.glob("*.yaml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_step_that_does_not_exist_is_seen(tmp_path: Path) -> None:
    broken = tmp_path / "release.yaml"
    broken.write_text((FOLDER / "release.yaml").read_text().replace("steps.image.outputs", "steps.picture.outputs", 1))
    done = lint(broken)
    assert done.returncode != 0
    assert "picture" in done.stdout
