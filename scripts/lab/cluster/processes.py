"""Host processes by pid file: start, stop and tell whether the very process we started still lives."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from implementation_dag.base.wait import rounds
from scripts.lab.cluster.settings import State
from scripts.lab.errors import LabError


@dataclass(frozen=True)
class Command:
    """What to run: the component's name, its argument list, and the texts of its configuration files."""

    name: str
    arguments: tuple[str, ...]
    config: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Changes when the command, its environment or its configuration changes."""
        text = json.dumps([self.arguments, self.config, sorted(self.environment.items())])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Running:
    """What the pid file says: pid, start time in clock ticks since boot, digest of the command."""

    pid: int
    started: int
    digest: str


def start_time(pid: int) -> int | None:
    """Start time of a live process in clock ticks since boot; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name may hold blanks and brackets: fields count from the last bracket (proc(5)).
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def running(state: State, name: str) -> Running | None:
    """The live process of the component, or None; a reused pid does not count."""
    path = state.pids / f"{name}.json"
    try:
        entry = json.loads(path.read_text())
        found = Running(int(entry["pid"]), int(entry["started"]), str(entry["digest"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None  # a half-written file: the process, if any, is found by its port and named in its log
    return found if start_time(found.pid) == found.started else None


def start(state: State, command: Command) -> bool:
    """Start the component unless it runs as asked (restart it when that changed); True when started."""
    current = running(state, command.name)
    if current and current.digest == command.digest:
        return False
    if current:
        stop(state, command.name)
    for folder in (state.logs, state.pids):
        folder.mkdir(parents=True, exist_ok=True)
    # A small environment of its own: nothing of the caller's proxies or trust settings leaks in.
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(state.root),
    }
    with (state.logs / f"{command.name}.log").open("ab") as log:
        process = subprocess.Popen(
            command.arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environment, **command.environment},
            cwd=state.root,
            start_new_session=True,
        )
    entry = {"pid": process.pid, "started": start_time(process.pid) or 0, "digest": command.digest}
    target = state.pids / f"{command.name}.json"
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps(entry))
    fresh.replace(target)
    return True


def stop(state: State, name: str, seconds: float = 10) -> bool:
    """End the component: SIGTERM, then SIGKILL after `seconds`; True when it was running."""
    current = running(state, name)
    if current:
        end(current.pid, current.started, seconds)
    (state.pids / f"{name}.json").unlink(missing_ok=True)
    return current is not None


def end(pid: int, started: int, seconds: float) -> None:
    """End one process by pid, sure by its start time that it is still the same one."""
    for number, limit in ((signal.SIGTERM, seconds), (signal.SIGKILL, 10.0)):
        if limit <= 0:
            continue
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        for _ in rounds(limit, 0.05):
            _reap(pid)
            if start_time(pid) != started:
                return
    raise LabError(f"process {pid} does not end, even by SIGKILL: look at /proc/{pid}/stack")


def last_lines(state: State, name: str, count: int = 5) -> str:
    """The end of the component's log, for error messages."""
    path = state.logs / f"{name}.log"
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return "\n".join(lines[-count:])


def _reap(pid: int) -> None:
    """Collect the process when it is our own child."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
