"""The shell scripts of this repository under shellcheck."""

import subprocess
from pathlib import Path

from idag.lint.rules.shellcheck import complaints

ROOT = Path(__file__).resolve().parents[2]


def scripts() -> list[Path]:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in tracked.split("\0") if name]
    return [path for path in files if path.is_file() and path.open("rb").readline().strip().endswith((b"sh", b"bash"))]


def test_every_shell_script_is_clean() -> None:
    found = scripts()
    assert ROOT / ".ci" / "run" in found
    assert [f"{path}: {one}" for path in found for one in complaints(path.read_text(encoding="utf-8"), "bash")] == []
