"""A bucket that cannot be read: whatever an address or an answer is, a person is told in one line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idag.promote import evidence
from idag.promote.errors import PromoteError
from idag.s3 import AddressError, client
from implementation_dag.base.errors import CommandError

PLACE = "s3://bucket/acme/shop/pr-7/run/index.json"
# Statuses that the client does not try again: others take it seconds.
STATUSES = st.sampled_from([200, 204, 206, 301, 400, 401, 403, 404, 405, 409, 412, 418, 451, 501])
TYPES = st.sampled_from(["", "application/xml", "text/xml; charset=utf-8", "text/html", "application/json", "\u00fc"])
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            *(
                b"",
                b"<html>",
                b"<Error/>",
                b"<Error><Code>AccessDenied</Code></Error>",
                b'{"result": 1}',
                b"[" * 60_000,
            ),
            *(b'<?xml version="1.0"?><Error><Message>\xff</Message></Error>', b"null", b"NaN", b"{\n}"),
        ]
    ),
)


class Answers(BaseHTTPRequestHandler):
    """A service that gives the answer that the test wants."""

    answer: tuple[int, str, bytes, int] = (200, "", b"", 0)

    def do_GET(self) -> None:
        status, kind, body, missing = self.answer
        self.send_response(status)
        self.send_header("Content-Type", kind.encode().decode("latin-1"))
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATUSES, TYPES, BODIES, st.sampled_from([0, 7]))
def test_any_answer_that_is_no_index_is_told_in_one_line(
    endpoint: str, status: int, kind: str, body: bytes, missing: int
) -> None:
    Answers.answer = (status, kind, body, missing)
    with pytest.MonkeyPatch.context() as monkeypatch, pytest.raises(PromoteError) as told:
        monkeypatch.setenv("S3_ENDPOINT", endpoint)
        evidence.read(PLACE)
    assert str(told.value).startswith(f"evidence {PLACE} ")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:9000", "ftp://x", "http://", " ", "http://[::1", "http://u:p@h", "http://h:99999", "https://h/bucket"],
)
def test_an_address_that_is_none_is_named_with_what_is_allowed(address: str) -> None:
    with pytest.raises(AddressError, match="must be http") as told:
        client(address, "eu-west-1")
    assert repr(address) in str(told.value)


@pytest.mark.parametrize("place", ["s3://", "s3:///key", "s3://bucket", "s3://bucket/", "s3://b ad/key", "s3://1/key"])
def test_a_place_that_names_no_object_is_told(endpoint: str, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("S3_ENDPOINT", endpoint)
    with pytest.raises(CommandError, match="bucket"):
        evidence.read(place)


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    # Its retries sleep for seconds.
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(PromoteError) as told:
        evidence.read(PLACE)
    assert "cannot be read: Failed to establish a new connection" in str(told.value)
