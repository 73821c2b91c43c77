"""The load: which requests are made, in which order and at which rate, as targets for vegeta."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from implementation_dag.acceptance.settings import Settings
from implementation_dag.acceptance.targets import Target

# Bodies and headers are kept in memory and as evidence: a long test keeps those of each host's first requests.
_MOST_EVIDENCE_BYTES = 32 * 1024 * 1024
MOST_HEADER_BYTES = 16 * 1024
# Each request under way may hold a body: beyond this many, the next one waits for one of them.
_MOST_BYTES_UNDER_WAY = 64 * 1024 * 1024
_MOST_UNDER_WAY = 1000


@dataclass(frozen=True)
class Request:
    """One planned request: index of target and path, number in its target from 1."""

    target: int
    path: int
    n: int


@dataclass(frozen=True)
class Load:
    """Every target gets `requests_per_host` requests, in turn; a target's requests ask for the paths in turn."""

    settings: Settings
    targets: Sequence[Target]

    @property
    def total(self) -> int:
        """Requests in all."""
        return len(self.targets) * self.settings.requests_per_host

    @property
    def rate(self) -> int:
        """Requests a second in all."""
        return len(self.targets) * self.settings.requests_per_second

    @property
    def under_way(self) -> int:
        """Requests that may wait for their answers at once."""
        bodies = _MOST_BYTES_UNDER_WAY // max(1, self.settings.body_limit_bytes)
        return min(_MOST_UNDER_WAY, self.total, bodies)

    @property
    def kept_per_host(self) -> int:
        """Requests of each host whose body and headers are kept."""
        each = self.settings.body_limit_bytes + MOST_HEADER_BYTES
        return max(1, _MOST_EVIDENCE_BYTES // (len(self.targets) * each))

    @property
    def longest_seconds(self) -> float:
        """The time after which the test has ended, every request having run into its time limit."""
        rounds = -(-self.total // self.under_way)
        waiting = rounds * self.settings.timeout_seconds if rounds > 1 else 0
        return max(self.total / self.rate, waiting) + self.settings.timeout_seconds

    def request(self, number: int) -> Request:
        """Return request `number`, from 0, of all."""
        n, target = divmod(number, len(self.targets))
        return Request(target, n % len(self.settings.paths), n + 1)

    def lines(self) -> Iterator[str]:
        """Yield vegeta's targets, one JSON object a line.

        The fragment is the request's number: no server sees it, and vegeta tells it with the result.
        """
        for number in range(self.total):
            request = self.request(number)
            url = self.targets[request.target].url + self.settings.paths[request.path].path
            yield json.dumps({"method": "GET", "url": f"{url}#{number}"}) + "\n"
