"""A receiver among requests that never end: it keeps its memory, lets them go, and takes deliveries all the while."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.base import wait
from implementation_dag.pull_requests import serving
from implementation_dag.pull_requests.deliveries import BODY_LIMIT, Rejected
from scripts.lab import ports

SECRET = "between us"
BODY = json.dumps(
    {"action": "opened", "number": 7, "repository": {"name": "shop", "owner": {"login": "acme"}}}
).encode()
HEADERS = {
    "x-github-event": "pull_request",
    "x-github-delivery": "1",
    "content-type": "application/json",
    "x-hub-signature-256": f"sha256={hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}",
}
SERVER = """
import sys
from implementation_dag.pull_requests import receiver, serving
from implementation_dag.pull_requests.repositories import Repositories
serving.BODY_SECONDS, serving.LIFE_SECONDS = 4, 7
app = receiver.application(lambda: [sys.argv[2].encode()], Repositories(("acme/shop",)), lambda hint, number: None)
serving.serve(app, int(sys.argv[1]))
"""
# The chart's limit is 256Mi.
MOST_MIB = 192


class Receiver:
    """A receiver in a process of its own."""

    def __init__(self) -> None:
        self.port = ports.free()
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen([sys.executable, "-c", SERVER, str(self.port), SECRET], env=env)

    def answers(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 200
        except httpx2.HTTPError:
            return False

    def deliver(self) -> httpx2.Response:
        return httpx2.post(f"http://127.0.0.1:{self.port}/webhook", content=BODY, headers=HEADERS, timeout=10)

    def mib(self) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) // 1024

    def begin(self, size: int, sent: int) -> socket.socket:
        """Begin a request whose body is not sent to its end."""
        found = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        head = f"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
        found.sendall(head + b"x" * sent)
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    try:
        assert wait.until(found.answers, 60, 0.1)
        yield found
    finally:
        found.process.kill()
        found.process.wait()


def over(connection: socket.socket) -> bool:
    """Whether the other side has ended it."""
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_requests_that_never_end_hold_little_memory_and_nobody_up(receiver: Receiver) -> None:
    begun = [receiver.begin(BODY_LIMIT, BODY_LIMIT - 1) for _ in range(100)]
    begun += [receiver.begin(BODY_LIMIT, sent=0) for _ in range(300)]
    assert [receiver.deliver().status_code for _ in range(20)] == [202] * 20
    assert receiver.mib() < MOST_MIB
    assert wait.until(lambda: all(map(over, begun)) or None, 20, 0.2), "what is slow is let go"
    answer = receiver.deliver()
    assert (answer.status_code, answer.headers["connection"]) == (202, "close")
    for each in begun:
        each.close()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, BODY_LIMIT)), max_size=40))
def test_bodies_are_whole_or_refused_and_never_too_many_bytes(sent: list[tuple[int, int]]) -> None:
    """Parts of some bodies come in any order; what began last is never let go for others."""
    # Nothing is copied that is only counted: a byte stands for a KiB.
    limit, parts = BODY_LIMIT // 1024, [(number, size // 1024) for number, size in sent]
    taken: dict[int, list[int]] = {}
    for number, size in parts:
        taken.setdefault(number, []).append(size)

    async def run() -> None:
        bodies = serving.Bodies()
        queues = {number: asyncio.Queue[bytes | None]() for number in taken}

        async def stream(number: int) -> AsyncIterator[bytes]:
            while (part := await queues[number].get()) is not None:
                yield part

        reading = {number: asyncio.create_task(bodies.whole(stream(number))) for number in taken}
        for number, size in parts:
            queues[number].put_nowait(b"x" * size)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert bodies.held <= serving.MOST_BYTES
        for queue in queues.values():
            queue.put_nowait(None)
        ended = dict(zip(reading, await asyncio.gather(*reading.values(), return_exceptions=True), strict=True))
        for number, found in ended.items():
            if isinstance(found, bytes):
                assert len(found) == sum(taken[number]) <= limit
            else:
                assert isinstance(found, Rejected)
                assert found.status == 503 or (found.status == 413 and sum(taken[number]) > limit)
        if taken:
            last = list(taken)[-1]
            assert isinstance(ended[last], bytes) == (sum(taken[last]) <= limit)
        assert bodies.held == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("implementation_dag.pull_requests.serving.BODY_LIMIT", limit)
        patch.setattr(serving, "MOST_BYTES", 2 * limit)
        asyncio.run(run())


def test_a_body_that_is_too_slow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    with pytest.raises(Rejected) as refused:
        asyncio.run(serving.Bodies().whole(slow()))
    assert refused.value.status == 408
