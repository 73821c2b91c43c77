"""Waiting until the URLs of a deployed application answer, and saying for each that does not, why."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

from implementation_dag.trust import system_bundle

_MOST_BODY_BYTES = 64 * 1024
_ATTEMPT_SECONDS = 5.0
_GRACE_SECONDS = 1.0


class Failure(StrEnum):
    """At which step an attempt failed."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    TIMEOUT = "timeout"


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
        # The environment's proxies do not apply: the URL is to be reached from the cluster itself.
        with httpx.Client(verify=trust, trust_env=False, follow_redirects=False) as client:
            while True:
                began = time.monotonic()
                self.outcome = self._attempt(client, statuses)
                pause = max(0.0, began + self._interval - time.monotonic())
                if self.outcome.reachable or time.monotonic() + pause >= self._deadline:
                    return
                time.sleep(pause)

    def _attempt(self, client: httpx.Client, statuses: Collection[int]) -> Outcome:
        attempts = self.outcome.attempts + 1
        limit = min(_ATTEMPT_SECONDS, max(0.1, self._deadline - time.monotonic()))
        try:
            status, to = _ask(client, self._address, limit)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure, detail = explain(error, limit)
            if failure == Failure.TIMEOUT and limit < _ATTEMPT_SECONDS and attempts > 1:
                # Cut short by our own deadline: what an earlier attempt found says more.
                failure, detail = self.outcome.failure or failure, self.outcome.detail
                return Outcome(self.url, attempts, None, self.outcome.status, failure, detail)
            return Outcome(self.url, attempts, None, None, failure, detail)
        if status in statuses:
            return Outcome(self.url, attempts, time.monotonic() - self._start, status, None, "")
        detail = f"status {status}{f' (redirect to {to!r})' if to else ''}, not among those expected"
        return Outcome(self.url, attempts, None, status, Failure.HTTP, detail)


def _ask(client: httpx.Client, address: str, limit: float) -> tuple[int, str]:
    """Return status and redirect target. The body is read to its limit, so that an answer cut off shows."""
    deadline = time.monotonic() + limit
    with client.stream("GET", address, timeout=limit) as response:
        read = 0
        for chunk in response.iter_raw():
            read += len(chunk)
            if read >= _MOST_BODY_BYTES:
                break
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the body did not end in time")
        return response.status_code, response.headers.get("location", "")


def explain(error: Exception, limit: float) -> tuple[Failure, str]:
    """Return at which step a request that raised `error` failed, and why; `limit` is its time in seconds."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure.TLS, f"the certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return Failure.TLS, f"the TLS handshake failed: {cause.reason or cause}"
        if isinstance(cause, socket.gaierror):
            return Failure.DNS, f"the name does not resolve: {cause.strerror}"
        if isinstance(cause, ConnectionRefusedError):
            return Failure.TCP, "the connection was refused: nothing listens there"
    if isinstance(error, httpx.ConnectTimeout):
        return Failure.TCP, f"no connection within {limit:.1f} s"
    if isinstance(error, httpx.TimeoutException):
        return Failure.TIMEOUT, f"connected, but no whole answer within {limit:.1f} s"
    if isinstance(error, httpx.ConnectError):
        return Failure.TCP, f"no connection: {error}"
    return Failure.HTTP, f"no valid HTTP answer: {error or type(error).__name__}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # httpx and httpcore wrap the socket's error, some of it as context only.
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
