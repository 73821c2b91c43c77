#!/usr/bin/env python3
"""Clippy formats and lints: ruff's fixes and formatter, with the repository's own configuration.

Changes files in the current folder. Writes report.json to $EVIDENCE_DIR. Ends with 1 when violations remain.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

RUFF = [sys.executable, "-m", "ruff"]


def ruff(*arguments: str) -> str:
    """Run ruff without its cache; returns its output, raises CalledProcessError when ruff itself fails."""
    return subprocess.run([*RUFF, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def violations() -> list[dict[str, Any]]:
    """What ruff's linter finds now."""
    found: list[dict[str, Any]] = json.loads(ruff("check", "--no-cache", "--exit-zero", "--output-format=json", "."))
    here = Path.cwd()
    return [
        {
            "code": item["code"],
            "message": item["message"],
            "file": Path(item["filename"]).relative_to(here).as_posix(),
            "line": item["location"]["row"],
        }
        for item in found
    ]


def contents() -> dict[str, str]:
    """Digest of each Python file, by path."""
    paths = [path for path in Path().rglob("*.py*") if path.suffix in {".py", ".pyi"} and ".git" not in path.parts]
    return {path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}


def main() -> int:
    evidence = Path(os.environ.get("EVIDENCE_DIR", "/work/evidence"))
    evidence.mkdir(parents=True, exist_ok=True)
    before, files_before = violations(), contents()
    ruff("check", "--no-cache", "--fix", "--exit-zero", "--quiet", ".")
    ruff("format", "--no-cache", "--quiet", ".")
    after, files_after = violations(), contents()
    changed = sorted(path for path, digest in files_after.items() if files_before.get(path) != digest)
    report = {
        "tool": ruff("--version").strip(),
        "files_checked": len(files_after),
        "violations_before": len(before),
        "violations_after": len(after),
        "files_changed": changed,
        "found": before,
        "remaining": after,
    }
    (evidence / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"clippy: {len(before)} violations, {len(after)} remain, {len(changed)} files changed", flush=True)
    for item in after:
        print(f"{item['file']}:{item['line']}: {item['code']} {item['message']}", file=sys.stderr)
    return 1 if after else 0


if __name__ == "__main__":
    sys.exit(main())
