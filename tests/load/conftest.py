"""Real applications on this machine for the real vegeta to test, and the acceptance step run on them."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from implementation_dag.acceptance import runner
from implementation_dag.acceptance.settings import from_environment
from scripts.toolchain import tool

Request = http.server.BaseHTTPRequestHandler
Answer = Callable[[Request], None]


def answer(code: int, body: bytes = b"", **headers: str) -> Answer:
    """An application that answers every request with `code`, `body` and `headers`."""

    def write(request: Request) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return write


def raw(sent: bytes) -> Answer:
    """An application that sends `sent` and closes the connection."""

    def write(request: Request) -> None:
        request.wfile.write(sent)
        request.close_connection = True

    return write


@contextmanager
def serving(application: Answer, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[int]:
    """Serve `application` on `address`; the value is the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            application(self)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, ssl.SSLError):
                self.close_connection = True

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        daemon_threads = True

    server = Server((address, 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Result:
    """What one acceptance step left: exit code, printed text, evidence folder and its report."""

    code: int
    printed: str
    out: Path
    report: dict[str, Any]

    @property
    def log_lines(self) -> list[list[str]]:
        """The words of each line of logs.txt."""
        return [line.split() for line in (self.out / "logs.txt").read_text().splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The objects of requests.jsonl."""
        return [json.loads(line) for line in (self.out / "requests.jsonl").read_text().splitlines()]


Acceptance = Callable[..., Result]


@pytest.fixture
def acceptance(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Acceptance:
    """Function (*urls, config={}, **environment) that runs the acceptance step with the real vegeta."""
    monkeypatch.setattr(runner, "REACH_SECONDS", 0.0)

    def step(*urls: str, config: dict[str, Any] | None = None, **environment: str) -> Result:
        urls_file, out = tmp_path / "urls.json", tmp_path / "out"
        urls_file.write_text(json.dumps({"urls": list(urls), "ns": "impl-pr-7"}))
        env = {"VEGETA": str(tool("vegeta")), **environment}
        code = runner.run(urls_file, out, from_environment(env, config or {}))
        return Result(code, capfd.readouterr().out, out, json.loads((out / "report.json").read_text()))

    return step
