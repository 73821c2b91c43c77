"""What goes over the wire between our processes and the forge, noted on its way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from tests.answering import Request, serving
from tests.api.allowed import template

HOPS = {"transfer-encoding", "content-length", "connection", "date", "server", "host", "accept-encoding"}


@dataclass(frozen=True)
class Exchange:
    """A request that was answered: when it came, and what it was."""

    at: float
    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def call(self) -> tuple[str, str]:
        """Method and path as the forge's API describes them, whatever the names."""
        return self.method, template(self.path)


@dataclass
class Wire:
    """Hands each request on to `target`, and keeps what it saw."""

    target: str
    seen: list[Exchange] = field(default_factory=list)
    port: int = 0
    # Answers in the target's place, which then hears nothing.
    fault: Callable[[Request], None] | None = None
    # Requests that came, answered or not.
    asked: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, request: Request) -> None:
        self.asked += 1
        if self.fault:
            self.fault(request)
            return
        at = time.time()
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in HOPS}
        try:
            answer = httpx2.request(
                request.command, self.target + request.path, content=body, headers=headers, timeout=30, trust_env=False
            )
        except httpx2.HTTPError as error:
            raise ConnectionError(str(error)) from error
        self.seen.append(Exchange(at, request.command, request.path, answer.status_code, headers, body))
        request.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {*HOPS, "content-encoding"}:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.content)))
        request.end_headers()
        request.wfile.write(answer.content)


def refusing(status: int) -> Callable[[Request], None]:
    """A fault: every answer is this one."""
    return lambda request: request.send_error(status)


def half(request: Request) -> None:
    """A fault: the connection ends in the middle of an answer."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"number": 1, "state": "closed", ')


@contextmanager
def between(target: str) -> Iterator[Wire]:
    """Listen on this machine, and hand on to `target`."""
    wire = Wire(target)
    with serving(wire) as port:
        wire.port = port
        yield wire
