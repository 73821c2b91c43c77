"""Whose fault it is: a pull request that answered badly has failed; where nobody could be reached, it was not tested.

Any status is an answer, a 502 or 503 of the ingress controller too: the deploy stage has seen the application answer,
so endpoints that are gone since are pods of the pull request that no longer serve; and an application can send any
status itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.terminal import printable
from implementation_dag.preview.protocols import Probe, fault

_MOST_NAMED = 5
_WAITED = re.compile(r"deadline exceeded|Client\.Timeout|timeout awaiting response headers")
# What Go says of a server that took the request and answered what is no HTTP, or too much of it.
_ANSWERED_BADLY = re.compile(
    r"malformed|bad Content-Length|unsupported transfer|too many (1xx|transfer)|headers exceeded|header list larger"
    r"|stream error|failed to parse Location"
)
_NEVER_CONNECTED = re.compile(r"\bdial|\blookup|handshake|waiting for connection|no such host|refused")
# Go quotes what a server sent: none of it is to choose the verdict.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')


class Verdict(StrEnum):
    """What acceptance says of a pull request."""

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_RUN = "could_not_run"


def nobody_reached(hosts: Sequence[Sequence[Probe]]) -> str:
    """Return why none of the hosts can be reached, given the probes of each; nothing when one can.

    One host of several out of reach is for the thresholds to judge: a pull request can name a host that is not its own.
    """
    faults = [fault(probes) for probes in hosts]
    return _named([text for text in faults if text]) if faults and all(faults) else ""


def nobody_answered(records: Sequence[Record]) -> str:
    """Return why the load test reached nobody, nothing when a single request was answered or kept waiting."""
    if not records:
        return "no request could be made"
    if any(record.status or record.cut or answered_badly(record.error) for record in records):
        return ""
    seen = Counter(printable(record.error) or "unknown error" for record in records)
    return _named([f"{error} ({count} of {len(records)} requests)" for error, count in seen.most_common()])


def only_waited(records: Sequence[Record]) -> bool:
    """Say whether nothing but waiting tells that somebody was there to take a request."""
    answered = any(record.status or record.cut or _spoke(record.error) for record in records)
    return not answered and any(_waited(record.error) for record in records)


def answered_badly(error: str) -> bool:
    """Say whether a request without a status failed after somebody had taken it, by the load generator's words."""
    return _waited(error) or _spoke(error)


def _waited(error: str) -> bool:
    said = _QUOTED.sub("", error)
    return bool(_WAITED.search(said)) and not _NEVER_CONNECTED.search(said)


def _spoke(error: str) -> bool:
    said = _QUOTED.sub("", error)
    return bool(_ANSWERED_BADLY.search(said)) and not _NEVER_CONNECTED.search(said)


def _named(faults: Sequence[str]) -> str:
    rest = len(faults) - _MOST_NAMED
    return "; ".join(faults[:_MOST_NAMED]) + (f"; and {rest} more" if rest > 0 else "")
