"""One `up` or `down` at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from idag.progress import Progress
from scripts.lab.cluster.settings import State


@contextmanager
def cluster_lock(state: State, progress: Progress) -> Iterator[None]:
    """Hold the cluster's lock; says so when another command has it. The kernel frees it when we die."""
    state.lock.parent.mkdir(parents=True, exist_ok=True)
    with state.lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another command on this cluster to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
