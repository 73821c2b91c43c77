"""Evidence of single requests: logs.txt and the bodies under responses/."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.settings import ExpectedPath
from implementation_dag.acceptance.targets import Target


def response_name(host: str, n: int) -> str:
    """Return the file name of a body, `web_example_com-3.txt`, as the specification spells it."""
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', host)}-{n}.txt"


def write_responses(records: Sequence[Record], targets: Sequence[Target], folder: Path) -> None:
    """Write each answer's body, already cut at the limit, byte for byte. No file where nothing answered or
    where the body was not kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for record in records:
        if record.status and record.body is not None:
            (folder / response_name(targets[record.target].host, record.n)).write_bytes(record.body)


def write_logs(records: Sequence[Record], targets: Sequence[Target], paths: Sequence[ExpectedPath], file: Path) -> None:
    """Write one line a request: `HOST N CODE LATENCY_MS PATH`; code 000 means that nothing answered."""
    lines = [
        f"{targets[r.target].host} {r.n} {r.status:03d} {round(r.latency_ms or 0)} {paths[r.path].path}\n"
        for r in records
    ]
    file.write_text("".join(lines), encoding="utf-8")
