#!/usr/bin/env python3
"""Rex implements: applies the change prepared in the checkout and runs the unit tests as evidence.

Reads .agents/change.patch in the current folder when it is there, and removes it.
Writes tests.log to $EVIDENCE_DIR.
Ends with 1 only when the change does not apply: judging the tests is QA's task.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

PATCH = Path(".agents/change.patch")


def apply_change() -> None:
    """Apply the prepared patch, if any, and remove it; raises CalledProcessError when git refuses it."""
    if not PATCH.exists():
        print("rex: no .agents/change.patch: the pull request stays as it is", flush=True)
        return
    subprocess.run(["git", "apply", "--whitespace=nowarn", str(PATCH)], check=True)
    PATCH.unlink()
    if not any(PATCH.parent.iterdir()):
        PATCH.parent.rmdir()
    print("rex: applied the prepared change", flush=True)


def run_tests(log: Path) -> int:
    """Run pytest with its output in `log` as well as here; returns its exit code."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    ended = f"\nrex: pytest ended with exit code {done.returncode} after {time.monotonic() - started:.1f} s\n"
    log.write_text(done.stdout + ended, encoding="utf-8")
    print(done.stdout + ended, flush=True)
    return done.returncode


def main() -> int:
    evidence = Path(os.environ.get("EVIDENCE_DIR", "/work/evidence"))
    evidence.mkdir(parents=True, exist_ok=True)
    try:
        apply_change()
    except subprocess.CalledProcessError as error:
        print(f"rex: {PATCH} does not apply to this commit (git apply: {error.returncode})", file=sys.stderr)
        return 1
    run_tests(evidence / "tests.log")
    return 0


if __name__ == "__main__":
    sys.exit(main())
