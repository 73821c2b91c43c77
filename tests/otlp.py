"""Traces as the OpenTelemetry collector's own reader reads them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from idag.toolchain import tool


@dataclass(frozen=True)
class Trace:
    """What a body tells: ids of traces, names of spans without a parent, and of those whose parent is missing."""

    ids: set[str]
    roots: list[str]
    orphans: list[str]
    spans: int

    @property
    def complete(self) -> bool:
        """Whether it is one trace whose spans all hang together."""
        return len(self.ids) == len(self.roots) == 1 and not self.orphans


def reading(body: bytes) -> subprocess.CompletedProcess[bytes]:
    """Have it read; exit code 1 where it is no trace."""
    return subprocess.run([tool("otlp-reader")], input=body, capture_output=True, check=False)


def read(body: bytes) -> Trace:
    """Return what it tells."""
    done = reading(body)
    assert done.returncode == 0, done.stderr
    spans = [line.split("\t") for line in done.stdout.decode().splitlines()]
    known = {span for _, span, *_ in spans}
    return Trace(
        {trace for trace, *_ in spans},
        [name for _, _, parent, _, name in spans if not parent],
        [name for _, _, parent, _, name in spans if parent and parent not in known],
        len(spans),
    )
