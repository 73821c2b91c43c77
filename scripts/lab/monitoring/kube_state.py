"""A kube-state-metrics of this machine, which tells Prometheus of quotas and pods."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.lab import ports

from .process import serving
from .prometheus import Target


@contextmanager
def running(folder: Path, kubeconfig: Path) -> Iterator[Target]:
    """Run it on that API server. Raises LabError."""
    port = ports.free()
    options = ("--host=127.0.0.1", f"--port={port}", "--telemetry-host=127.0.0.1", f"--telemetry-port={ports.free()}")
    what = (f"--kubeconfig={kubeconfig}", "--resources=pods,resourcequotas")
    with serving(folder, "kube-state-metrics", f"http://127.0.0.1:{port}/livez", *options, *what):
        yield Target(f"127.0.0.1:{port}", {"job": "kube-state-metrics"})
