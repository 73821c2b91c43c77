"""What the load test saw: one record a request, read from the log that k6 wrote."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.acceptance.errors import AcceptanceError


@dataclass(frozen=True)
class Record:
    """One request: index of target and path, number in its target from 1, status 0 when nothing answered.

    `latency_ms` is None for a request that failed before it reached a server, `body` where it was not kept.
    """

    target: int
    path: int
    n: int
    status: int
    ok: bool
    latency_ms: float | None
    body_bytes: int
    body: bytes | None
    error: str
    location: str


@dataclass(frozen=True)
class Log:
    """k6's log: the requests, ordered by target and number, and k6's own messages."""

    records: tuple[Record, ...]
    messages: tuple[str, ...]


def read_log(path: Path) -> Log:
    """Read k6's log file (`--log-format=json`). Without a file, k6 never started: an empty log."""
    if not path.exists():
        return Log((), ())
    with path.open(encoding="utf-8", errors="replace") as lines:
        return parse_log(lines)


def parse_log(lines: Iterable[str]) -> Log:
    """Split k6's log into records and messages.

    Only lines that k6 marked as coming from the script are records: text of a server in a message of k6
    cannot pass for one. Raises AcceptanceError for a record that is not of our script's shape.
    """
    records, messages = [], []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            messages.append(line.rstrip("\n"))
            continue
        if not isinstance(entry, dict):
            messages.append(line.rstrip("\n"))
        elif entry.get("source") == "console":
            records.append(_record(str(entry.get("msg"))))
        else:
            detail = f": {entry['error']}" if entry.get("error") else ""
            messages.append(f"{entry.get('level', '')}: {entry.get('msg', '')}{detail}")
    return Log(tuple(sorted(records, key=lambda r: (r.target, r.n))), tuple(messages))


def _record(text: str) -> Record:
    try:
        seen = json.loads(text)
        return Record(
            target=int(seen["target"]),
            path=int(seen["path"]),
            n=int(seen["n"]),
            status=int(seen["status"]),
            ok=seen["ok"] is True,
            latency_ms=None if seen["ms"] is None else float(seen["ms"]),
            body_bytes=int(seen["bytes"]),
            body=None if seen["body"] is None else base64.b64decode(seen["body"], validate=True),
            error=str(seen["error"]),
            location=str(seen["location"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AcceptanceError(
            f"K6_SCRIPT logged a line that is no request record ({error!r}): it is of another version"
        ) from None
