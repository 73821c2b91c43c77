"""The two ends of an agent's box: what it works on comes in before it starts, what it leaves goes out after it ended.

Both containers hold nothing that is worth stealing. Whoever brings the source knows the box's key; the pod knows only
its digest.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from implementation_dag.base.log import say

from . import bundle

PORT = 8080
WORK = Path("/work")
LOG_CHUNK = 64 * 1024


class _Handler(BaseHTTPRequestHandler):
    """Answers whoever has the key."""

    digest = ""
    timeout = 60

    def admitted(self) -> bool:
        """Say whether the request has the key; it is answered when not."""
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(hashlib.sha256(given.encode()).hexdigest(), self.digest):
            return True
        self.send_error(403)
        return False

    def log_message(self, *_: object) -> None:
        """Print nothing: an agent asks as often as it likes."""

    def answer(self, chunks: Iterable[bytes]) -> None:
        """Send `chunks` and end the connection, which is how the reader knows their end."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(chunk)
        self.close_connection = True


def _chunks(handler: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """Yield the chunks of a request's body (RFC 9112, 7.1)."""
    while size := int(handler.rfile.readline(32), 16):
        yield handler.rfile.read(size)
        handler.rfile.readline(8)
    handler.rfile.readline(8)


class _Receive(_Handler):
    """PUT /source: the checkout, as a chunked bundle."""

    done: threading.Event

    def do_PUT(self) -> None:
        """Unpack the body; the server ends once that went well."""
        if not self.admitted():
            return
        bundle.unpack(bundle.Reader(_chunks(self)), WORK / "src", repository=True)
        self.send_response(204)
        self.end_headers()
        self.done.set()


class _HandOver(_Handler):
    """GET /log?from=N, /work and /evidence."""

    def do_GET(self) -> None:
        """Answer with a piece of the agent's log, or with a bundle."""
        if not self.admitted():
            return
        address = urlsplit(self.path)
        if address.path == "/log":
            self.answer([_log(int(parse_qs(address.query).get("from", ["0"])[0]))])
        elif address.path in ("/work", "/evidence"):
            folder = WORK / {"/work": "src", "/evidence": "evidence"}[address.path]
            self.answer(bundle.pack(folder, repository=False))
        else:
            self.send_error(404)


def _log(start: int) -> bytes:
    with (WORK / "log").open("rb") as stream:
        stream.seek(start)
        return stream.read(LOG_CHUNK)


def serve(handler: type[_Handler], until: Callable[[], object], port: int = PORT) -> None:
    """Serve until `until` returns."""
    handler.digest = os.environ["BOX_KEY_SHA256"]
    with ThreadingHTTPServer(("", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        until()
        server.shutdown()


def receive() -> int:
    """Init container: wait for the source, which the agent then finds in /work/src."""
    _Receive.done = threading.Event()
    (WORK / "evidence").mkdir(exist_ok=True)
    (WORK / "log").touch()
    serve(_Receive, _Receive.done.wait)
    say("the source is here")
    return 0


def hand_over() -> int:
    """Container beside the agent: serve what it prints and leaves, until the pod is deleted."""
    serve(_HandOver, threading.Event().wait)
    return 0
