"""One question to an HTTP server: what it answered, or at which step nobody did."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import httpx2

_MOST_BODY_BYTES = 64 * 1024


class Failure(StrEnum):
    """At which step a question failed."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    CLOSED = "closed"
    HTTP = "http"
    TIMEOUT = "timeout"


# Nobody was there to answer. What remains is an answer that is bad: of another shape, with another status, or too late.
UNREACHED = frozenset({Failure.DNS, Failure.TCP, Failure.TLS, Failure.CLOSED})


@dataclass(frozen=True)
class Answer:
    """Status, redirect target ("" without one) and the protocol that was spoken, such as HTTP/2."""

    status: int
    location: str
    protocol: str


class CutOff(Exception):
    """The server answered with `status`, and its body ended too early or not in time."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)


def ask(client: httpx2.Client, address: str, limit: float, *, at: str = "", agent: str = "") -> Answer:
    """GET `address` within `limit` seconds; `at` is the server's IP address where the name shall not be looked up.

    The body is read to its limit, so that an answer cut off shows. Raises CutOff, or one of ERRORS without an answer.
    """
    deadline = time.monotonic() + limit
    url = httpx2.URL(address)
    headers = {"User-Agent": agent} if agent else {}
    extensions = {}
    if at:
        headers["Host"] = url.netloc.decode("ascii")
        extensions["sni_hostname"] = url.host
        url = url.copy_with(host=at)
    with client.stream("GET", url, headers=headers, extensions=extensions, timeout=limit) as response:
        read = 0
        try:
            for chunk in response.iter_raw():
                read += len(chunk)
                if read >= _MOST_BODY_BYTES:
                    break
                if time.monotonic() > deadline:
                    raise CutOff(response.status_code, f"connected, but no whole answer within {limit:.1f} s")
        except ERRORS as error:
            _, detail = explain(error, limit)
            raise CutOff(
                response.status_code, f"status {response.status_code}, but its body was cut off: {detail}"
            ) from None
        return Answer(response.status_code, response.headers.get("location", ""), response.http_version)


def explain(error: Exception, limit: float) -> tuple[Failure, str]:
    """Return at which step a request that raised `error` failed, and why; `limit` is its time in seconds."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failure.TLS, f"the certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and not isinstance(error, (httpx2.ReadError, httpx2.WriteError)):
            return Failure.TLS, f"the TLS handshake failed: {cause.reason or cause}"
        if isinstance(cause, socket.gaierror):
            return Failure.DNS, f"the name does not resolve: {cause.strerror}"
        if isinstance(cause, ConnectionRefusedError):
            return Failure.TCP, "the connection was refused: nothing listens there"
    if isinstance(error, httpx2.ConnectTimeout):
        return Failure.TCP, f"no connection within {limit:.1f} s"
    if isinstance(error, httpx2.TimeoutException):
        return Failure.TIMEOUT, f"connected, but no whole answer within {limit:.1f} s"
    if isinstance(error, httpx2.ConnectError):
        return Failure.TCP, f"no connection: {error}"
    # httpcore2 has no type of its own for a connection that ends before anything came.
    if isinstance(error, httpx2.NetworkError) or str(error).startswith("Server disconnected"):
        return Failure.CLOSED, "the connection was closed without an answer"
    return Failure.HTTP, f"no valid HTTP answer: {error or type(error).__name__}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # httpx2 and httpcore2 wrap the socket's error, some of it as context only.
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
