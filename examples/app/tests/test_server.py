import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from shop import __version__
from shop.server import make_server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = make_server(0, "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def get(port: int, path: str, accept: str = "*/*") -> tuple[HTTPResponse, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers={"Accept": accept})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response, body


def test_home_names_version_and_commit(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMIT", "0123abc")
    response, body = get(port, "/")
    assert response.status == 200
    assert json.loads(body) == {"name": "shop", "version": __version__, "commit": "0123abc"}


def test_home_is_html_for_a_browser_and_escapes(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMIT", "<b>")
    response, body = get(port, "/", accept="text/html,*/*")
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert "&lt;b&gt;" in body


def test_healthz(port: int) -> None:
    response, body = get(port, "/healthz")
    assert (response.status, json.loads(body)) == (200, {"status": "ok"})


def test_quote(port: int) -> None:
    response, body = get(port, "/quote?sku=MUG-BLUE&quantity=2")
    assert response.status == 200
    assert json.loads(body)["total"] == 2400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/quote?sku=NOPE", 404),
        ("/quote?sku=TEA-100&quantity=0", 400),
        ("/quote?sku=TEA-100&quantity=many", 400),
        ("/nowhere", 404),
    ],
)
def test_errors_are_json_with_a_reason(port: int, path: str, status: int) -> None:
    response, body = get(port, path)
    assert response.status == status
    assert json.loads(body)["error"]
