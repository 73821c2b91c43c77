"""Run a program and measure it: wall time, and the peak of the memory of all its processes together."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.base.errors import CommandError

_SAMPLE_SECONDS = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measured:
    """Seconds on the clock, and megabytes resident at the highest moment."""

    seconds: float
    peak_mb: float
    output: str


class ProgramError(CommandError):
    """The program failed; the message holds what it said."""


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Measured:
    """Run the program to its end, asking 50 times a second for the memory of it and its children.

    Pages that processes share are counted for each of them. Raises ProgramError.
    """
    start = time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = 0
    ended = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not ended.wait(_SAMPLE_SECONDS):
            peak = max(peak, _resident(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - start
    ended.set()
    sampler.join()
    if process.returncode:
        raise ProgramError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output[-4000:]}")
    return Measured(seconds, peak / 1e6, output)


def _resident(root: int) -> int:
    """Bytes resident of a process and all below it."""
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            # It ended while it was looked at.
            continue
    return total
