"""What an API server puts in by itself, as a history is to see it: moments by its own clock, uids by their number.

Both are real there, and so different in each play: the clock of the machine, and chance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from implementation_dag.base import moments

Object = dict[str, Any]
UID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PATIENCE_SECONDS = 300.0
# They are of the bytes that were sent, which are others now.
OF_BYTES = ("content-length", "content-encoding", "transfer-encoding")


class Translation:
    """Between our processes and the API server, for one history."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began = self._moment()
        self._ours: dict[bytes, bytes] = {}
        self._theirs: dict[bytes, bytes] = {}
        # Of each object, by uid, when it was made and when its deletion began.
        self._made: dict[str, str] = {}
        self._deleted: dict[str, str] = {}

    def asked(self, request: httpx2.Request) -> httpx2.Request:
        """Return a request with the uids that the API server knows."""
        content = UID.sub(lambda found: self._theirs.get(found[0], found[0]), request.read())
        # What a process would not wait for is a fault, and that is the seed's to choose: a slow machine is none.
        patience = {"timeout": httpx2.Timeout(PATIENCE_SECONDS).as_dict()}
        return httpx2.Request(
            request.method, request.url, headers=request.headers, content=content, extensions=patience
        )

    def answered(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        """Return an answer as the history is to see it."""
        content = UID.sub(lambda found: self._uid(found[0]), response.read())
        if response.headers.get("content-type", "").startswith("application/json"):
            writes = request.method != "GET"
            found = json.loads(content, object_hook=lambda item: self._dated(item, writes))
            content = json.dumps(found, separators=(",", ":")).encode()
        headers = [(name, value) for name, value in response.headers.items() if name.lower() not in OF_BYTES]
        return httpx2.Response(response.status_code, headers=headers, content=content, request=request)

    def _uid(self, real: bytes) -> bytes:
        if real not in self._ours:
            ours = b"00000000-0000-4000-8000-%012d" % len(self._ours)
            self._ours[real], self._theirs[ours] = ours, real
        return self._ours[real]

    def _dated(self, item: Object, writes: bool) -> Object:
        """Date the metadata of an object: what is written was made now, what is only read was there before all."""
        if "uid" not in item or "creationTimestamp" not in item:
            return item
        item.pop("managedFields", None)
        uid, now = item["uid"], self._moment() if writes else self._began
        item["creationTimestamp"] = self._made.setdefault(uid, moments.stamp(now))
        if "deletionTimestamp" in item:
            end = now + timedelta(seconds=item.get("deletionGracePeriodSeconds") or 0)
            item["deletionTimestamp"] = self._deleted.setdefault(uid, moments.stamp(end))
        return item

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)
