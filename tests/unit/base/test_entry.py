"""The entry of every container, called where no pod of the chart is: one sentence and the documented exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from implementation_dag.__main__ import SUBCOMMANDS, WRONG_USAGE
from implementation_dag.base import log

RUNTIME = Path(__file__).parents[3] / "runtime"


def entry(folder: Path, *arguments: str, **told: str) -> subprocess.CompletedProcess[str]:
    """Run it with nothing in the environment but what it is `told`, and no kubeconfig."""
    written = {name: str(folder / name) for name in ("HOME", "OUT", "OUTPUTS")}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNTIME), **written, **told}
    command = [sys.executable, "-m", "implementation_dag", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


# The sidecar of results waits for its end.
@pytest.mark.parametrize("name", [name for name in SUBCOMMANDS if name != "results"])
def test_outside_its_pod_a_subcommand_ends_in_words(tmp_path: Path, name: str) -> None:
    done = entry(tmp_path, name)
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    assert done.returncode in (1, 2, WRONG_USAGE)


@pytest.mark.parametrize("name", ["controller", "agent", "helm-uninstall", "receiver"])
def test_a_variable_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    done = entry(tmp_path, name)
    assert "is not in the environment: " + name in done.stderr
    assert done.returncode == WRONG_USAGE


def test_help_is_no_fault(tmp_path: Path) -> None:
    assert entry(tmp_path, "--help").returncode == 0
    assert entry(tmp_path, "--nonsense").returncode == entry(tmp_path).returncode == WRONG_USAGE


def test_a_step_says_which_run_it_is_of(tmp_path: Path) -> None:
    of = {log.FORMAT: log.JSON, "WORKFLOW": "run-1", "WORKFLOW_UID": "a-b", "STAGE": "implement"}
    told = json.loads(entry(tmp_path, "agent", **of).stderr)
    assert (told["level"], told["run"], told["stage"], told["trace"]) == ("error", "run-1", "implement", "ab")
