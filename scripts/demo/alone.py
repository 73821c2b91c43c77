"""One demo at a time on a machine: two would build, push and clean up each other's pull requests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.demo.errors import NotStarted


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the system frees it when the process ends. Raises NotStarted when another has it."""
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
