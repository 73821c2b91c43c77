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
# What load generators say of a server that took the request and answered too late, or with what is no HTTP.
_ANSWERED_BADLY = re.compile(
    r"request timeout|awaiting (response )?headers|deadline exceeded|malformed|stream error|bad (status|header)",
    re.IGNORECASE,
)
_NEVER_CONNECTED = re.compile(r"\bdial|\blookup|handshake|waiting for connection|no such host|refused", re.IGNORECASE)


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


def nobody_answered(records: Sequence[Record], hosts: Sequence[Sequence[Probe]]) -> str:
    """Return why the load test reached nobody, nothing when a single request came to be answered or was kept waiting.

    `hosts` are the probes before it: an application whose answer was cut off even then cuts off the others as well.
    """
    if not records:
        return "no request could be made"
    cut = any(probe.status is not None and probe.failure for probes in hosts for probe in probes)
    if cut or any(record.status or answered_badly(record.error) for record in records):
        return ""
    seen = Counter(printable(record.error) or "unknown error" for record in records)
    return _named([f"{error} ({count} of {len(records)} requests)" for error, count in seen.most_common()])


def answered_badly(error: str) -> bool:
    """Say whether a request without a status failed after somebody had taken it, by the load generator's words."""
    return bool(_ANSWERED_BADLY.search(error)) and not _NEVER_CONNECTED.search(error)


def _named(faults: Sequence[str]) -> str:
    rest = len(faults) - _MOST_NAMED
    return "; ".join(faults[:_MOST_NAMED]) + (f"; and {rest} more" if rest > 0 else "")
