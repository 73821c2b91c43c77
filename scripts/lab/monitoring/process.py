"""A server of this machine that lives as long as its block."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from idag.toolchain import tool
from implementation_dag.base.wait import until
from scripts.lab.errors import LabError

START_SECONDS = 120


@contextmanager
def serving(folder: Path, name: str, ready: str, *arguments: str) -> Iterator[None]:
    """Run the tool; its words go to <name>.log. Raises LabError when nothing good is answered at `ready` in time."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([tool(name), *arguments], cwd=folder, stdout=output, stderr=output)
    try:
        told = until(lambda: process.poll() is not None or _answers(ready), START_SECONDS, 0.1)
        if process.poll() is not None or not told:
            raise LabError(f"{name} does not answer at {ready}: {log.read_text(errors='replace')[-2000:]}")
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, trust_env=False, timeout=2).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
