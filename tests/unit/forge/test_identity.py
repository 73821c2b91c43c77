"""Credentials of accounts and apps: read anew, told in no error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from implementation_dag.forge.app import REPORTER, REVIEWER, App
from implementation_dag.forge.errors import ForgeError, Unauthenticated
from implementation_dag.forge.identity import Account, Place


class Recorded(httpx2.BaseTransport):
    """A forge that answers everything; keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[httpx2.Request] = []
        self.ends = "2026-11-30T04:00:00Z"
        self.taken_back: set[str] = set()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        if self.last in self.taken_back:
            return httpx2.Response(401, json={"message": "Bad credentials"})
        token = f"t{len(self.sent)}"
        answer: dict[str, Any] = {"id": 5, "login": "dev", "slug": "app", "token": token, "expires_at": self.ends}
        return httpx2.Response(200, json=answer)

    @property
    def last(self) -> str:
        return self.sent[-1].headers["authorization"]


@pytest.fixture
def forge() -> Recorded:
    return Recorded()


@pytest.fixture
def key(tmp_path: Path) -> rsa.RSAPublicKey:
    """The key of the app 11 whose credentials lie in tmp_path."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "private-key.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (tmp_path / "app-id").write_text("11\n")
    return private.public_key()


def test_a_renewed_token_is_used_at_once(forge: Recorded, tmp_path: Path) -> None:
    account = Account(Place("https://x.example.com", transport=forge), tmp_path)
    (tmp_path / "token").write_text("one\n")
    assert account.login() == "dev"
    assert forge.last == "Bearer one"
    (tmp_path / "token").write_text("two\n")
    account.caller("acme", "shop").call("GET", "/x")
    assert forge.last == "Bearer two"


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), (b"", "is empty"), (b"\xff", "cannot be")])
def test_a_credential_that_is_none_is_named(forge: Recorded, tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(ForgeError, match=f"token: the credential {words}"):
        Account(Place("https://x.example.com", transport=forge), tmp_path).login()
    assert not forge.sent


def test_an_app_signs_and_keeps_a_token_until_shortly_before_its_end(
    forge: Recorded, tmp_path: Path, key: rsa.RSAPublicKey
) -> None:
    now = [1796007600.0]  # An hour before the token's end, at 03:00.
    app = App(Place("https://x.example.com", transport=forge), tmp_path, REVIEWER, clock=lambda: now[0])
    caller = app.caller("acme", "shop")
    caller.call("GET", "/x")
    installation, made, used = forge.sent
    claims = jwt.decode(
        installation.headers["authorization"].removeprefix("Bearer "),
        key,
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["iss"] == "11"
    assert claims["iat"] < now[0] < claims["exp"] <= claims["iat"] + 600
    assert made.url.path == "/app/installations/5/access_tokens"
    assert b'"repositories": ["shop"]' in made.content
    assert used.headers["authorization"] == "Bearer t2"
    now[0] += 3000
    caller.call("GET", "/x")
    assert len(forge.sent) == 4
    now[0] += 400
    caller.call("GET", "/x")
    assert len(forge.sent) == 7
    assert forge.last == "Bearer t6"
    app.caller("acme", "other").call("GET", "/x")
    assert b'"repositories": ["other"]' in forge.sent[-2].content


def test_an_app_asks_anew_once_where_its_token_was_taken_back(
    forge: Recorded, tmp_path: Path, key: rsa.RSAPublicKey
) -> None:
    caller = App(
        Place("https://x.example.com", transport=forge), tmp_path, REVIEWER, clock=lambda: 1796007600.0
    ).caller("acme", "shop")
    caller.call("GET", "/x")
    forge.taken_back = {"Bearer t2"}
    caller.call("POST", "/x", body={})
    assert forge.last == "Bearer t6"
    forge.taken_back |= {"Bearer t6", "Bearer t10"}
    with pytest.raises(Unauthenticated):
        caller.call("GET", "/x")
    assert len(forge.sent) == 11


def test_an_account_whose_token_is_not_known_has_no_other(forge: Recorded, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one")
    forge.taken_back = {"Bearer one"}
    with pytest.raises(Unauthenticated):
        Account(Place("https://x.example.com", transport=forge), tmp_path).login()
    assert len(forge.sent) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("app-id", "x", "'x' is no app's number"), ("private-key.pem", "x", "no RSA key in PEM")],
)
def test_an_apps_wrong_credential_is_named(
    forge: Recorded, tmp_path: Path, key: rsa.RSAPublicKey, name: str, content: str, words: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ForgeError, match=words):
        App(Place("https://x.example.com", transport=forge), tmp_path, REVIEWER).login()


def test_no_identity_may_write_contents() -> None:
    assert "contents" not in REPORTER.keys() | REVIEWER.keys()
    assert set(REVIEWER) == {"metadata", "pull_requests"}
