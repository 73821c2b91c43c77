"""Processes by pid file: the very process we started, not a stranger with its pid."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from implementation_dag.base import wait
from scripts.lab.cluster import processes
from scripts.lab.cluster.processes import Command
from scripts.lab.cluster.settings import State

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(60)",
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    state.root.mkdir()
    yield state
    for entry in state.pids.glob("*.json"):
        processes.stop(state, entry.stem, 0)


def pid_of(state: State, name: str) -> int:
    return int(json.loads((state.pids / f"{name}.json").read_text())["pid"])


def test_a_second_start_of_the_same_command_does_nothing(state: State) -> None:
    command = Command("nap", SLEEP)
    assert processes.start(state, command) is True
    first = pid_of(state, "nap")
    assert processes.start(state, command) is False
    assert pid_of(state, "nap") == first


def test_a_changed_configuration_restarts_the_process(state: State) -> None:
    processes.start(state, Command("nap", SLEEP, ("a",)))
    first = pid_of(state, "nap")
    assert processes.start(state, Command("nap", SLEEP, ("b",))) is True
    assert pid_of(state, "nap") != first
    assert processes.start_time(first) is None


def test_a_killed_process_does_not_count_even_as_a_zombie(state: State) -> None:
    processes.start(state, Command("nap", SLEEP))
    os.kill(pid_of(state, "nap"), signal.SIGKILL)
    assert wait.until(lambda: processes.running(state, "nap") is None, 5, 0.01)
    assert processes.start(state, Command("nap", SLEEP)) is True


def test_a_reused_pid_is_neither_alive_nor_killed(state: State) -> None:
    processes.start(state, Command("nap", SLEEP))
    path = state.pids / "nap.json"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "started": entry["started"] - 1}))
    assert processes.running(state, "nap") is None
    assert processes.stop(state, "nap") is False
    assert processes.start_time(entry["pid"]) == entry["started"]
    os.kill(entry["pid"], signal.SIGKILL)
    os.waitpid(entry["pid"], 0)


def test_stop_ends_a_process_that_ignores_sigterm(state: State) -> None:
    processes.start(state, Command("deaf", STUBBORN))
    log = state.logs / "deaf.log"
    assert wait.until(lambda: "set" in log.read_text(), 5, 0.01)
    pid = pid_of(state, "deaf")
    assert processes.stop(state, "deaf", 0.2) is True
    assert processes.start_time(pid) is None
    assert not (state.pids / "deaf.json").exists()


def test_the_callers_environment_does_not_leak_in(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    show = (sys.executable, "-c", "import os; print(sorted(os.environ))")
    processes.start(state, Command("show", show, environment={"EXTRA": "1"}))
    log = state.logs / "show.log"
    assert wait.until(lambda: "]" in log.read_text(), 5, 0.01)
    assert "EXTRA" in log.read_text()
    assert "HTTPS_PROXY" not in log.read_text()


@pytest.mark.parametrize("text", ["", "{}", '{"pid": "x"}', "[]"])
def test_a_broken_pid_file_means_not_running(state: State, text: str) -> None:
    state.pids.mkdir()
    (state.pids / "nap.json").write_text(text)
    assert processes.running(state, "nap") is None


def test_last_lines_of_a_log(state: State) -> None:
    state.logs.mkdir()
    (state.logs / "x.log").write_text("1\n2\n3\n")
    assert processes.last_lines(state, "x", 2) == "2\n3"
    assert processes.last_lines(state, "none") == ""
    assert isinstance(state.logs, Path)
