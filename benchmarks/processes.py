"""Processes that are measured: their words go to a file, and they end with the measurement."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from idag.render.manifests import Object
from scripts.lab import ports
from scripts.lab.kubectl import Kubectl
from tests.api import previews, release

ROOT = Path(__file__).parents[1]


@contextmanager
def running(
    folder: Path, name: str, command: list[str], env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process whose words go to <name>.log in the folder."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ours(
    folder: Path, name: str, kubectl: Kubectl, made: list[Object], **changed: str
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run one of our processes as the chart starts it, with its own rights; `changed` is what it is told besides."""
    env = release.environment(made, name=f"{previews.RELEASE}-{name}") | changed
    env |= {"KUBECONFIG": str(release.identity(kubectl, name, folder)), "PYTHONPATH": str(ROOT / "runtime")}
    env |= {"PORT": str(ports.free()), "PATH": os.environ["PATH"]}
    return running(folder, name, [sys.executable, "-m", "implementation_dag", name], env)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process ever took, in MB (VmHWM of proc(5))."""
    text = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / 1024, 1)
