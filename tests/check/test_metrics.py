"""promtool reads what our processes are scraped for, and finds no name or unit against Prometheus' conventions."""

from __future__ import annotations

import subprocess

import pytest

from idag.toolchain import tool
from implementation_dag.base import life, metrics
from implementation_dag.pull_requests import receiver
from implementation_dag.reaper import acting, controller
from tests.unit.pull_requests.played import Played

DECLARED = (life, receiver, acting, controller)


def checked(text: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, check=False)


def test_promtool_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, repositories=5)
    for number in range(1, 21):
        played.run(number)
    done = checked(metrics.scraped())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done
    assert all(module.metrics is metrics for module in DECLARED)


def test_promtool_refuses_a_name_against_the_conventions() -> None:
    assert checked(b"# HELP runs Runs.\n# TYPE runs counter\nruns 1\n").returncode != 0
