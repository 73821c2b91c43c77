"""Running k6: one process, no network use of its own, everything it saw in files."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.acceptance.errors import AcceptanceError
from implementation_dag.acceptance.records import Log, read_log
from implementation_dag.acceptance.summary import Summary, read_summary
from implementation_dag.acceptance.terminal import printable

# k6's errext/exitcodes: 99 means that the test ran and a threshold was crossed.
_THRESHOLDS_CROSSED = 99
_MESSAGES_SHOWN = 5


@dataclass(frozen=True)
class Outcome:
    """What one run of k6 left."""

    summary: Summary
    log: Log
    thresholds_crossed: bool


def find_k6(name: str) -> Path:
    """Return the path of the k6 binary `name`, a name on PATH or a path, or raise AcceptanceError."""
    found = shutil.which(name)
    if found is None:
        raise AcceptanceError(f"K6 is {name!r}: there is no such program; our image has it at /usr/local/bin/k6")
    return Path(found)


def k6_version(k6: Path) -> str:
    """Return k6's own version line, `k6 v1.8.1 (go1.26.0, linux/amd64)`."""
    done = subprocess.run([str(k6), "version"], capture_output=True, text=True, timeout=60, check=False, env=_env())
    if done.returncode:
        raise AcceptanceError(f"{k6} version ended with {done.returncode}: {printable(done.stderr)}")
    return done.stdout.splitlines()[0] if done.stdout else "k6"


def run_k6(k6: Path, script: Path, plan: Path, bundle: Path | None, longest_seconds: float) -> Outcome:
    """Run `script` with `plan` and read what it left beside the plan.

    `bundle` (PEM) replaces the trusted authorities. Raises AcceptanceError when k6 does not end within
    `longest_seconds` or ends otherwise than by finishing the test.
    """
    log_file, summary_file = plan.parent / "k6.log", plan.parent / "summary.json"
    command = [
        str(k6), "run", "--quiet", "--no-color", "--no-usage-report", "--address", "",
        "--log-format", "json", "--log-output", f"file={log_file}", str(script),
    ]  # fmt: skip
    env = _env() | {"HOME": str(plan.parent), "PLAN": str(plan)} | ({"SSL_CERT_FILE": str(bundle)} if bundle else {})
    try:
        done = subprocess.run(
            command, env=env, cwd=plan.parent, capture_output=True, text=True, errors="replace",
            timeout=longest_seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise AcceptanceError(f"k6 did not end within {longest_seconds:.0f} s and was stopped") from None
    if done.returncode not in (0, _THRESHOLDS_CROSSED):
        raise AcceptanceError(_why(done.returncode, done.stderr, log_file))
    return Outcome(read_summary(summary_file), read_log(log_file), done.returncode == _THRESHOLDS_CROSSED)


def _why(code: int, stderr: str, log_file: Path) -> str:
    ended = f"k6 was killed by signal {-code}" if code < 0 else f"k6 ended with exit code {code}"
    if code == -9:
        ended += " (often the memory limit of the pod: an answer of the application was too large)"
    messages = [*read_log(log_file).messages, *stderr.splitlines()][-_MESSAGES_SHOWN:]
    return f"{ended}; its last messages: {printable(' | '.join(messages), 1500) or 'none'}"


def _env() -> dict[str, str]:
    # Nothing else of our environment: no proxies, no credentials, no K6_* options that would change the test.
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "K6_NO_USAGE_REPORT": "true",
        "K6_AUTO_EXTENSION_RESOLUTION": "false",
    }
