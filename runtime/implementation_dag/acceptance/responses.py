"""Evidence of single requests: logs.txt, requests.jsonl and the bodies under responses/."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.settings import ExpectedPath
from implementation_dag.acceptance.targets import Target

FOLDER = "responses"


def response_name(host: str, n: int) -> str:
    """Return the file name of a body, `web_example_com-3.txt`, as the specification spells it."""
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', host)}-{n}.txt"


def write_responses(records: Sequence[Record], targets: Sequence[Target], folder: Path) -> None:
    """Write each answer's body, already cut at the limit, byte for byte.

    No file where nothing answered or where the body was not kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for record in records:
        if record.body is not None:
            (folder / response_name(targets[record.target].host, record.n)).write_bytes(record.body)


def write_requests(
    records: Sequence[Record], targets: Sequence[Target], paths: Sequence[ExpectedPath], file: Path
) -> None:
    """Write one JSON object a request and line; `body` is the file that holds it, null where there is none."""
    with file.open("w", encoding="ascii") as lines:
        for record in records:
            host = targets[record.target].host
            kept = record.body
            document = {
                "host": host,
                "n": record.n,
                "path": paths[record.path].path,
                "began": record.began or None,
                "status": record.status,
                "ok": record.ok,
                "latency_ms": None if record.latency_ms is None else round(record.latency_ms, 3),
                "error": record.error,
                "headers": record.headers,
                "body": None if kept is None else f"{FOLDER}/{response_name(host, record.n)}",
                "bytes": None if kept is None else len(kept),
            }
            lines.write(json.dumps(document) + "\n")


def write_logs(records: Sequence[Record], targets: Sequence[Target], paths: Sequence[ExpectedPath], file: Path) -> None:
    """Write one line a request: `HOST N CODE LATENCY_MS PATH`; code 000 means that nothing answered."""
    lines = [
        f"{targets[r.target].host} {r.n} {r.status:03d} {round(r.latency_ms or 0)} {paths[r.path].path}\n"
        for r in records
    ]
    file.write_text("".join(lines), encoding="utf-8")
