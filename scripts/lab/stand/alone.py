"""One demo at a time on a machine: two would build, push and clean up each other's pull requests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.lab.cluster.settings import State
from scripts.lab.errors import NotStarted


def lock_of(state: State) -> Path:
    """The lock file of demos, beside the cluster's state folder, which `make down` removes."""
    return state.root.with_name(f"{state.root.name}-demo.lock")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, also while cleaning up. Raises NotStarted when another process has it.

    The system frees it when the process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = file.read().strip() or "unknown"
            raise NotStarted(f"another demo runs (pid {other}): wait for its end, or stop it with Ctrl-C") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
