"""protocols.py against real servers of this machine: HTTP/2 that is served, not offered, and offered but not served."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from implementation_dag.base.asking import Failure, explain
from implementation_dag.preview.protocols import Probe, Protocol, fault, probe, wait_for, wait_for_each

Serve = Callable[[ssl.SSLSocket], None]
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def http1(connection: ssl.SSLSocket) -> None:
    connection.recv(65536)
    connection.sendall(NOT_FOUND)


def http2(connection: ssl.SSLSocket) -> None:
    if connection.selected_alpn_protocol() != "h2":
        return http1(connection)
    server = H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    while data := connection.recv(65536):
        for event in server.receive_data(data):
            if isinstance(event, RequestReceived):
                server.send_headers(event.stream_id, [(":status", "404")], end_stream=True)
        connection.sendall(server.data_to_send())
    return None


def offered_not_served(connection: ssl.SSLSocket) -> None:
    """What Go's http.Server does when HTTP/2 is negotiated and was never set up (skipper with -insecure-address)."""
    if connection.selected_alpn_protocol() != "h2":
        http1(connection)


def only_http2(connection: ssl.SSLSocket) -> None:
    if connection.selected_alpn_protocol() == "h2":
        http2(connection)


def silent(connection: ssl.SSLSocket) -> None:
    while connection.recv(65536):
        pass


@contextmanager
def serving(pki: Path, offered: list[str], serve: Serve) -> Iterator[str]:
    """Serve each TLS connection by `serve`, HTTP as `offered` in the handshake; the value is the URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.crt", pki / "server.key")
    context.set_alpn_protocols(offered)

    def one(raw: socket.socket) -> None:
        try:
            with context.wrap_socket(raw, server_side=True) as connection:
                serve(connection)
        except OSError:
            raw.close()

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(raw,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}"


BOTH = ["h2", "http/1.1"]


def test_both_protocols_are_served(pki: Path) -> None:
    with serving(pki, BOTH, http2) as url:
        probes = probe(url, pki / "ca.crt")
    assert [(one.spoken, one.status, one.failure) for one in probes] == [("HTTP/1.1", 404, None), ("HTTP/2", 404, None)]
    assert fault(probes) == ""


def test_http2_that_is_not_offered_is_no_fault(pki: Path) -> None:
    with serving(pki, ["http/1.1"], http1) as url:
        probes = probe(url, pki / "ca.crt")
    assert [one.spoken for one in probes] == ["HTTP/1.1", "HTTP/1.1"]
    assert fault(probes) == ""


def test_http2_that_is_offered_and_not_served_is_named(pki: Path) -> None:
    with serving(pki, BOTH, offered_not_served) as url:
        probes = probe(url, pki / "ca.crt")
    assert [(one.status, one.failure) for one in probes] == [(404, None), (None, Failure.CLOSED)]
    assert fault(probes) == (
        f"{url}: HTTP/1.1 is answered, HTTP/2 is offered and not served (the connection was closed without an answer)"
    )


def test_http1_that_is_not_served_is_named(pki: Path) -> None:
    with serving(pki, BOTH, only_http2) as url:
        assert fault(probe(url, pki / "ca.crt")).startswith(f"{url}: HTTP/2 is answered, HTTP/1.1 is not (")


def test_a_moment_without_the_network_is_not_taken_for_a_protocol() -> None:
    good = Probe("https://a", Protocol.HTTP1, "HTTP/1.1", 200)
    lost = Probe("https://a", Protocol.HTTP2, failure=Failure.DNS, detail="the name does not resolve: later")
    assert fault([good, lost]) == "https://a: dns: the name does not resolve: later"


def test_a_host_that_answers_too_late_is_reached(pki: Path) -> None:
    with serving(pki, BOTH, silent) as url:
        probes = probe(url, pki / "ca.crt", seconds=0.5)
    assert [one.failure for one in probes] == [Failure.TIMEOUT, Failure.TIMEOUT]
    assert fault(probes) == ""


def test_a_host_that_answers_byte_by_byte_does_not_hold_the_probe(pki: Path) -> None:
    def trickle(connection: ssl.SSLSocket) -> None:
        with contextlib.suppress(OSError):
            for _ in range(600):
                connection.sendall(b"H")
                time.sleep(0.1)

    with serving(pki, ["http/1.1"], trickle) as url:
        began = time.monotonic()
        probes = probe(url, pki / "ca.crt", seconds=0.5)
    assert time.monotonic() - began < 30
    assert [one.failure for one in probes] == [Failure.TIMEOUT, Failure.TIMEOUT]


def test_an_authority_that_is_not_trusted_is_named(pki: Path) -> None:
    with serving(pki, BOTH, http2) as url:
        assert fault(probe(url)).startswith(f"{url}: tls: the certificate is not trusted: ")


def test_a_name_can_be_asked_at_an_address_and_is_verified(pki: Path) -> None:
    asked: list[bytes] = []

    def note(connection: ssl.SSLSocket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(NOT_FOUND)

    with serving(pki, ["http/1.1"], note) as url:
        port = url.rpartition(":")[2]
        good = probe(f"https://localhost:{port}", pki / "ca.crt", at="127.0.0.1", path="/x")
        other = probe(f"https://elsewhere.example.com:{port}", pki / "ca.crt", at="127.0.0.1")
    assert fault(good) == ""
    assert asked[0].startswith(b"GET /x HTTP/1.1\r\n")
    assert f"host: localhost:{port}\r\n".encode() in asked[0].lower()
    assert "not valid for 'elsewhere.example.com'" in fault(other)


def test_a_tls_connection_that_ends_is_no_failed_handshake() -> None:
    cause = ssl.SSLEOFError(8, "EOF occurred in violation of protocol")
    cause.reason = "EOF"
    error, failed = httpx2.ReadError("EOF"), httpx2.ConnectError("EOF")
    error.__cause__ = failed.__cause__ = cause
    assert explain(error, 1)[0] == Failure.CLOSED
    assert explain(failed, 1)[0] == Failure.TLS


def test_plain_http_has_one_protocol() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (one,) = probe(f"http://127.0.0.1:{port}")
    assert (one.asked, one.failure) == (Protocol.HTTP1, Failure.TCP)
    assert fault([one]) == f"http://127.0.0.1:{port}: tcp: the connection was refused: nothing listens there"


def test_a_fault_is_waited_for_and_no_longer_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("implementation_dag.preview.protocols._PAUSE_SECONDS", 0.01)
    good, bad = Probe("https://a", Protocol.HTTP1), Probe("https://a", Protocol.HTTP1, failure=Failure.TCP)
    answers = iter([(bad,), (bad,), (good,), (bad,)])
    assert wait_for(lambda: next(answers), 60) == (good,)
    assert wait_for(lambda: (bad,), 0) == (bad,)


def test_several_hosts_are_waited_for_at_once_and_told_in_order() -> None:
    meeting = threading.Barrier(3, timeout=30)

    def host(number: int) -> Callable[[], tuple[Probe, ...]]:
        def ask_all() -> tuple[Probe, ...]:
            meeting.wait()
            return (Probe(f"https://{number}", Protocol.HTTP1),)

        return ask_all

    assert [one.url for (one,) in wait_for_each([host(n) for n in range(3)], 0)] == [f"https://{n}" for n in range(3)]
