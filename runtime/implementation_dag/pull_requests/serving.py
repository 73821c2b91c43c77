"""What the whole world may call: a connection is short, and bodies that nobody has signed yet hold little memory.

Whatever takes long gives way to what comes later, so a forge's delivery, which is there at once, gets through beside
any number of slow requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from .deliveries import BODY_LIMIT, Rejected

BODY_SECONDS = 10.0
# Storing may take two calls of the API server.
LIFE_SECONDS = 30.0
MOST_CONNECTIONS = 256
# Of all bodies that are not there as a whole. With what connections hold it is far below the memory of the pod.
MOST_BYTES = 8 * BODY_LIMIT
MOST_HEADER_BYTES = 16 * 1024


class Bodies:
    """The bodies that are being read. Where they have too many bytes together, the oldest are let go."""

    def __init__(self) -> None:
        """None is read yet."""
        self._read: dict[object, bytearray] = {}

    @property
    def held(self) -> int:
        """How many bytes all of them have."""
        return sum(map(len, self._read.values()))

    async def whole(self, parts: AsyncIterator[bytes]) -> bytes:
        """Return a whole body. Raises Rejected as soon as it is too long, too slow, or gave way."""
        body = object()
        self._read[body] = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for part in parts:
                    self._add(body, part)
            return bytes(self._add(body, b""))
        except TimeoutError:
            raise Rejected(408, f"the body was not there within {BODY_SECONDS:.0f} s") from None
        finally:
            self._read.pop(body, None)

    def _add(self, body: object, part: bytes) -> bytearray:
        found = self._read.get(body)
        if found is None:
            raise Rejected(503, "too many bodies are being read, deliver it again")
        if len(found) + len(part) > BODY_LIMIT:
            raise Rejected(413, f"the body has more than {BODY_LIMIT} bytes")
        found += part
        while self.held > MOST_BYTES:
            del self._read[next(iter(self._read))]
        return found


class Connection(H11Protocol):
    """A connection; where there are too many, the oldest is let go."""

    _ends: dict[Connection, asyncio.TimerHandle] = {}  # noqa: RUF012

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it for a time."""
        super().connection_made(transport)
        self._ends[self] = self.loop.call_later(LIFE_SECONDS, self._let_go)
        if len(self._ends) > MOST_CONNECTIONS:
            next(iter(self._ends))._let_go()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._forget()
        super().connection_lost(exc)

    def _let_go(self) -> None:
        self._forget()
        self.transport.abort()

    def _forget(self) -> None:
        if ends := self._ends.pop(self, None):
            ends.cancel()


def serve(app: Starlette, port: int) -> None:
    """Serve until told to stop."""
    options: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    limits: dict[str, Any] = {"http": Connection, "h11_max_incomplete_event_size": MOST_HEADER_BYTES}
    # One request a connection: what is open says that it is still coming.
    headers = [("Connection", "close")]
    uvicorn.run(app, host="0.0.0.0", port=port, headers=headers, **options, **limits)  # noqa: S104
