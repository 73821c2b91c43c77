"""The git token is tried on GitHub's way of telling what a token may; on a real forge by tests/api/forge."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from implementation_dag.base import git
from implementation_dag.check import git_access
from implementation_dag.check.finding import Finding, Level
from implementation_dag.check.git_access import Server

TOKEN = "a-token"


def _serve(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def looked_at(
    base_url: str, repository: str, token: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Finding]:
    if token:
        (folder / "username").write_text("x")
        (folder / "password").write_text(token)
    monkeypatch.setattr(git, "CREDENTIALS", folder)
    with httpx2.Client() as client:
        return list(git_access.check(Server(base_url, repository, "x", token), client))


def test_a_server_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = looked_at("http://127.0.0.1:1", "", "", tmp_path, monkeypatch)
    assert found.level == Level.PROBLEM
    assert "refused" in found.message


class GitHub(BaseHTTPRequestHandler):
    """What GitHub tells of a token: its scopes in a header when it is classic, else only by what it opens."""

    scopes: str | None
    opens: tuple[str, ...]

    def do_GET(self) -> None:
        path = self.path.removeprefix("/api/v3")
        if path == "/rate_limit" and self.headers["Authorization"] != f"Bearer {TOKEN}":
            status = 401
        else:
            status = 200 if path in ("/", "/rate_limit", *self.opens) else 404
        self.send_response(status)
        self.send_header("X-GitHub-Request-Id", "0001")
        self.send_header("Content-Length", "0")
        if self.scopes is not None:
            self.send_header("X-OAuth-Scopes", self.scopes)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("scopes", "opens", "token", "level", "words"),
    [
        ("repo", (), TOKEN, Level.OK, "repo and nothing more"),
        ("repo, delete_repo, admin:org", (), TOKEN, Level.PROBLEM, "admin:org, delete_repo"),
        ("read:user", (), TOKEN, Level.PROBLEM, "do not let it push"),
        (None, (), "expired", Level.PROBLEM, "does not know the token"),
        (None, (), TOKEN, Level.OK, "opens none of Webhooks, Secrets, Administration"),
        (None, ("/repos/acme/shop/actions/secrets",), TOKEN, Level.PROBLEM, "Secrets"),
    ],
)
def test_the_scope_of_a_github_token(
    scopes: str | None,
    opens: tuple[str, ...],
    token: str,
    level: Level,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = type("Handler", (GitHub,), {"scopes": scopes, "opens": opens})
    for address in _serve(ThreadingHTTPServer(("127.0.0.1", 0), handler)):
        found = looked_at(address, "acme/shop", token, tmp_path, monkeypatch)
    [scope] = [finding for finding in found if finding.subject == "token scope"]
    assert scope.level == level
    assert words in scope.message


def test_github_itself_has_its_api_elsewhere() -> None:
    assert git_access.api_address("https://github.com", httpx2.Response(200)) == "https://api.github.com"
    assert git_access.api_address("https://git.example.com", httpx2.Response(404)) == ""
