"""Waiting until the URLs of a deployed application answer, and saying for each that does not, why."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2

from implementation_dag.base.asking import ERRORS, UNREACHED, CutOff, Failure, ask, explain
from implementation_dag.base.trust import system_bundle

_ATTEMPT_SECONDS = 5.0
_GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """What came of one URL. `seconds` runs from the start to its first success; None where there was none.

    `failure` and `detail` describe the last attempt at a URL that never answered well, else None and "".
    """

    url: str
    attempts: int
    seconds: float | None
    status: int | None
    failure: Failure | None
    detail: str

    @property
    def reachable(self) -> bool:
        """Whether the URL answered with an expected status."""
        return self.seconds is not None

    @property
    def answered(self) -> bool:
        """Whether anybody was there to answer, however badly."""
        return self.failure not in UNREACHED


def trust_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities and those in `ca_file` (PEM), if given.

    Raises OSError when the file cannot be read and ssl.SSLError when it holds no certificate.
    """
    context = ssl.create_default_context()
    # SSL_CERT_FILE in the environment would have replaced the system's authorities.
    system = system_bundle()
    if system is not None:
        context.load_verify_locations(cafile=system)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def wait_until_reachable(
    urls: Sequence[str],
    health_path: str,
    timeout: float,
    trust: ssl.SSLContext,
    *,
    statuses: Collection[int] = range(200, 300),
    interval: float = 1.0,
) -> list[Outcome]:
    """Ask each URL for `health_path` every `interval` seconds until it answers, at most `timeout` seconds.

    All URLs are asked at once. Redirects are answers, not followed; of a body at most 64 KiB are read.
    Returns one Outcome a URL, in order, at most a second after `timeout` whatever the servers do.
    """
    start = time.monotonic()
    watches = [_Watch(url, health_path, start, start + timeout, interval) for url in urls]
    threads = [
        # Daemons: a server that answers byte by byte must not keep the step alive.
        threading.Thread(target=watch.run, args=(trust, statuses), name=f"wait {watch.url}", daemon=True)
        for watch in watches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, start + timeout + _GRACE_SECONDS - time.monotonic()))
    return [watch.outcome for watch in watches]


class _Watch:
    """The attempts at one URL; `outcome` is replaced whole after each, so it can be read at any time."""

    def __init__(self, url: str, path: str, start: float, deadline: float, interval: float) -> None:
        self.url = url
        self._address = url.rstrip("/") + path
        self._start = start
        self._deadline = deadline
        self._interval = interval
        self.outcome = Outcome(url, 0, None, None, Failure.TIMEOUT, "no answer within the time limit")

    def run(self, trust: ssl.SSLContext, statuses: Collection[int]) -> None:
        """Try until success or the deadline; there is always one attempt."""
        # The environment's proxies do not apply: the URL is to be reached from the cluster itself. HTTP/2 where it is
        # offered, as browsers and load generators do.
        with httpx2.Client(verify=trust, http2=True, trust_env=False, follow_redirects=False) as client:
            while True:
                began = time.monotonic()
                self.outcome = self._attempt(client, statuses)
                pause = max(0.0, began + self._interval - time.monotonic())
                if self.outcome.reachable or time.monotonic() + pause >= self._deadline:
                    return
                time.sleep(pause)

    def _attempt(self, client: httpx2.Client, statuses: Collection[int]) -> Outcome:
        attempts = self.outcome.attempts + 1
        limit = min(_ATTEMPT_SECONDS, max(0.1, self._deadline - time.monotonic()))
        try:
            answer = ask(client, self._address, limit)
        except CutOff as cut:
            return Outcome(self.url, attempts, None, cut.status, Failure.HTTP, str(cut))
        except ERRORS as error:
            failure, detail = explain(error, limit)
            if failure == Failure.TIMEOUT and limit < _ATTEMPT_SECONDS and attempts > 1:
                # Cut short by our own deadline: what an earlier attempt found says more.
                failure, detail = self.outcome.failure or failure, self.outcome.detail
                return Outcome(self.url, attempts, None, self.outcome.status, failure, detail)
            return Outcome(self.url, attempts, None, None, failure, detail)
        if answer.status in statuses:
            return Outcome(self.url, attempts, time.monotonic() - self._start, answer.status, None, "")
        to = f" (redirect to {answer.location!r})" if answer.location else ""
        detail = f"status {answer.status}{to}, not among those expected"
        return Outcome(self.url, attempts, None, answer.status, Failure.HTTP, detail)
