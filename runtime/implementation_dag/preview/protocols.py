"""Whether a host answers by each protocol that clients speak: HTTP/1.1, and HTTP/2 where the server offers it.

Browsers and load generators take HTTP/2 as soon as the TLS handshake offers it. A server that offers it and does not
serve it is out of reach for them, while a client of HTTP/1.1 sees nothing wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx2

from implementation_dag.base import wait
from implementation_dag.base.asking import ERRORS, UNREACHED, CutOff, Failure, ask, explain

from .reachability import trust_context

SECONDS = 5.0
_PAUSE_SECONDS = 1.0
_GRACE_SECONDS = 1.0
_MOST_AT_ONCE = 10


class Protocol(StrEnum):
    """What a client is ready to speak: HTTP/1.1 alone, or HTTP/2 where it is offered."""

    HTTP1 = "HTTP/1.1"
    HTTP2 = "HTTP/2"


@dataclass(frozen=True)
class Probe:
    """One question to `url`. `spoken` is the protocol of a whole answer; without one it is "", and `failure` says why.

    Every status is an answer: whether it is a good one is not asked here.
    """

    url: str
    asked: Protocol
    spoken: str = ""
    status: int | None = None
    failure: Failure | None = None
    detail: str = ""

    @property
    def reached(self) -> bool:
        """Whether anybody was there to answer."""
        return self.failure not in UNREACHED


def probe(
    url: str, ca_file: Path | None = None, *, path: str = "/", at: str = "", agent: str = "", seconds: float = SECONDS
) -> tuple[Probe, ...]:
    """Ask `url` once by each protocol; plain http:// has HTTP/1.1 only. `at` and `agent` are those of `ask`.

    Raises OSError when `ca_file` holds no certificate.
    """
    asked = tuple(Protocol) if url.startswith("https:") else (Protocol.HTTP1,)
    return tuple(_one(url, protocol, ca_file, path, at, agent, seconds) for protocol in asked)


def _one(url: str, asked: Protocol, ca_file: Path | None, path: str, at: str, agent: str, seconds: float) -> Probe:
    # A context of its own: the client writes the protocols that it offers into it.
    trust = trust_context(ca_file)
    found = [
        Probe(url, asked, failure=Failure.TIMEOUT, detail=f"connected, but no whole answer within {seconds:.1f} s")
    ]

    def question() -> None:
        with httpx2.Client(verify=trust, http2=asked == Protocol.HTTP2, trust_env=False) as client:
            try:
                answer = ask(client, url.rstrip("/") + path, seconds, at=at, agent=agent)
                found.append(Probe(url, asked, answer.protocol, answer.status))
            except CutOff as cut:
                found.append(Probe(url, asked, "", cut.status, Failure.HTTP, str(cut)))
            except ERRORS as error:
                found.append(Probe(url, asked, "", None, *explain(error, seconds)))

    # The client's own limit is one for each read: a server that answers byte by byte would hold us for ever.
    thread = threading.Thread(target=question, name=f"probe {url}", daemon=True)
    thread.start()
    thread.join(seconds + _GRACE_SECONDS)
    return found[-1]


def fault(probes: Sequence[Probe]) -> str:
    """Return in words why clients cannot reach the host of these `probes` of it, or nothing."""
    lost = {probe.asked: probe for probe in probes if not probe.reached}
    if not lost:
        return ""
    first = next(iter(lost.values()))
    # Any other step than the last is the same for both protocols: what failed was the moment.
    if len(lost) == len(probes) or first.failure != Failure.CLOSED:
        return f"{first.url}: {first.failure}: {first.detail}"
    if first.asked == Protocol.HTTP2:
        return f"{first.url}: HTTP/1.1 is answered, HTTP/2 is offered and not served ({first.detail})"
    return f"{first.url}: HTTP/2 is answered, HTTP/1.1 is not ({first.detail})"


def wait_for(ask_all: Callable[[], tuple[Probe, ...]], seconds: float) -> tuple[Probe, ...]:
    """Repeat `ask_all`, the probes of one host, until none has a fault, at most `seconds`; return the last ones."""
    for _ in wait.rounds(seconds, _PAUSE_SECONDS):
        probes = ask_all()
        if not fault(probes):
            break
    return probes


def wait_for_each(hosts: Sequence[Callable[[], tuple[Probe, ...]]], seconds: float) -> list[tuple[Probe, ...]]:
    """`wait_for` of several hosts at once; the answers come in their order."""
    with ThreadPoolExecutor(max_workers=_MOST_AT_ONCE) as pool:
        return list(pool.map(lambda ask_all: wait_for(ask_all, seconds), hosts))
