"""What the load test saw: one record a request, read from the JSON lines of `vegeta encode`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from implementation_dag.acceptance.errors import AcceptanceError
from implementation_dag.acceptance.load import MOST_HEADER_BYTES, Load

# A line holds everything that a server sent: what is longer than our body and these headers is not read.
_MOST_LINE_HEADER_BYTES = 256 * 1024
_MOST_ERROR = 1000
_UNRECORDED = "its answer did not end in time, or was too large to be kept"
# Go names the request before every error, until the head of an answer has come.
_ASKED = re.compile(r'Get "(?:[^"\\]|\\.)*": ')
# Our own address has another port each time.
_OWN_ADDRESS = re.compile(r"\b(\w+ tcp) \S+->")
_TIMED_OUT = re.compile(r"deadline exceeded|Client\.Timeout|i/o timeout")

Headers = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Record:
    """One request: index of target and path, number in its target from 1, status 0 without a whole answer.

    `latency_ms` is counted from when the request was due. It is None for one that failed before it could be answered,
    which would only make percentiles look better, unless it ran out of time. `body` and `headers` are None where they
    were not kept. `cut` says that somebody began to answer and did not end.
    """

    target: int
    path: int
    n: int
    status: int
    ok: bool
    latency_ms: float | None
    error: str = ""
    began: str = ""
    body: bytes | None = None
    headers: Headers | None = None
    location: str = ""
    cut: bool = False


def read_records(lines: IO[bytes], load: Load) -> tuple[list[Record], int]:
    """Return a record of every planned request, ordered by target and number, and how many of them were in `lines`.

    A request whose answer never ended, or was too large for a line, counts as one without an answer in time.
    Raises AcceptanceError for a line of another shape.
    """
    found = dict(_record(line, load) for line in _whole_lines(lines, load))
    found.pop(_NONE, None)
    records = [found.get(number) or _unrecorded(number, load) for number in range(load.total)]
    return sorted(records, key=lambda record: (record.target, record.n)), len(found)


def _whole_lines(lines: IO[bytes], load: Load) -> Iterator[bytes]:
    limit = load.settings.body_limit_bytes * 4 // 3 + _MOST_LINE_HEADER_BYTES
    while line := lines.readline(limit):
        if line.endswith(b"\n"):
            yield line
        else:
            while line and not line.endswith(b"\n"):
                line = lines.readline(limit)


# vegeta ends a test by asking for a request that is not there, and tells that as well.
_NONE = -1


def _record(line: bytes, load: Load) -> tuple[int, Record]:
    try:
        seen = json.loads(line)
        number = int(seen["url"].rpartition("#")[2]) if seen["url"] else _NONE
        return number, _seen(seen, number, load)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise AcceptanceError(f"vegeta told of no request ({error!r}): it is of another version") from None


def _seen(seen: dict[str, Any], number: int, load: Load) -> Record:
    request, settings = load.request(number), load.settings
    status, said, headers = int(seen["code"]), str(seen["error"]), seen["headers"] or {}
    error = _OWN_ADDRESS.sub(r"\1 ", _ASKED.sub("", said[: 2 * _MOST_ERROR], count=1))[:_MOST_ERROR]
    kept = bool(status) and request.n <= load.kept_per_host
    return Record(
        target=request.target,
        path=request.path,
        n=request.n,
        status=status,
        ok=status in settings.paths[request.path].statuses,
        latency_ms=seen["latency"] / 1e6 if status or _TIMED_OUT.search(error) else None,
        error=error,
        began=str(seen["timestamp"]),
        body=base64.b64decode(seen["body"] or "", validate=True) if kept else None,
        headers=_bounded(headers) if kept else None,
        location=next(iter(headers.get("Location", ())), "")[:_MOST_ERROR],
        cut=not status and not _ASKED.match(said),
    )


def _bounded(headers: Headers) -> Headers:
    """The first headers by name, as many as are kept."""
    left, kept = MOST_HEADER_BYTES, {}
    for name, values in sorted(headers.items()):
        left -= sum(len(name) + len(value) for value in values)
        if left < 0:
            break
        kept[name] = list(values)
    return kept


def _unrecorded(number: int, load: Load) -> Record:
    request = load.request(number)
    waited = load.settings.timeout_seconds * 1000.0
    return Record(request.target, request.path, request.n, 0, False, waited, _UNRECORDED, cut=True)
