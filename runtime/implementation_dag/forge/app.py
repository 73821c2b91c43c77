"""A GitHub App: signed by its key it gets tokens for one repository and the permissions of one task, for an hour."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import jwt

from .errors import ForgeError
from .fields import Fields
from .http import Caller, at
from .identity import Place, read

APP_ID, PRIVATE_KEY = "app-id", "private-key.pem"
# GitHub takes a signature for ten minutes at most, and its clock may be behind ours.
_SIGNED_SECONDS, _CLOCKS_APART = 540, 60
# A token that ends while it is used is none.
_SPARE_SECONDS = 300

# What each identity asks for. None has `contents: write`, so none can merge.
READER = {"metadata": "read", "pull_requests": "read"}
REPORTER = {"checks": "write", "deployments": "write", "metadata": "read", "pull_requests": "write"}
REVIEWER = {"metadata": "read", "pull_requests": "write"}


class App:
    """The app whose number and key lie in a folder; `permissions` are all that its tokens get."""

    def __init__(
        self,
        place: Place,
        folder: Path,
        permissions: Mapping[str, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._folder, self._permissions, self._clock = place, folder, dict(permissions), clock
        self._itself = place.caller(self._signed)
        self._callers: dict[tuple[str, str], Caller] = {}
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}
        self._signature = ("", 0.0)
        self._login = ""

    @property
    def number(self) -> int:
        """The app's number. Raises ForgeError."""
        found = read(self._folder / APP_ID)
        if not (found.isascii() and found.isdigit()):
            raise ForgeError(f"{self._folder / APP_ID}: {found[:20]!r} is no app's number")
        return int(found)

    def caller(self, owner: str, repo: str) -> Caller:
        """Return what calls with a token for that repository alone."""
        where = (owner.lower(), repo.lower())
        if where not in self._callers:
            self._callers[where] = self._place.caller(
                lambda: f"Bearer {self._token(owner, repo)}", lambda: self._forget(where)
            )
        return self._callers[where]

    def login(self) -> str:
        """Return the name under which the app writes."""
        if not self._login:
            self._login = f"{Fields(self._itself.call('GET', '/app').data, 'GET /app').text('slug')}[bot]"
        return self._login

    def _token(self, owner: str, repo: str) -> str:
        where = (owner.lower(), repo.lower())
        token, ends = self._tokens.get(where, ("", 0.0))
        if ends - _SPARE_SECONDS < self._clock():
            token, ends = self._tokens[where] = self._fresh(owner, repo)
        return token

    def _forget(self, where: tuple[str, str]) -> bool:
        """Keep a token no longer that GitHub does not know: it may be taken back before its end."""
        return self._tokens.pop(where, None) is not None

    def _fresh(self, owner: str, repo: str) -> tuple[str, float]:
        path = at("/repos/{owner}/{repo}/installation", owner=owner, repo=repo)
        number = Fields(self._itself.call("GET", path).data, f"GET {path}").number("id")
        path = at("/app/installations/{number}/access_tokens", number=number)
        wanted = {"repositories": [repo], "permissions": self._permissions}
        answer = Fields(self._itself.call("POST", path, body=wanted).data, f"POST {path}")
        return answer.text("token"), moment(answer.text("expires_at"), path)

    def _signed(self) -> str:
        signature, ends = self._signature
        now = int(self._clock())
        if ends - _CLOCKS_APART < now:
            signature, ends = self._signature = self._sign(now), now + _SIGNED_SECONDS
        return f"Bearer {signature}"

    def _sign(self, now: int) -> str:
        claims = {"iat": now - _CLOCKS_APART, "exp": now + _SIGNED_SECONDS, "iss": str(self.number)}
        try:
            return jwt.encode(claims, read(self._folder / PRIVATE_KEY), algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            raise ForgeError(f"{self._folder / PRIVATE_KEY}: no RSA key in PEM, as GitHub gives for an app") from None


def moment(text: str, where: str) -> float:
    """Return the seconds since 1970 of an RFC 3339 time in an answer. Raises ForgeError."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ForgeError(f"{where}: {text[:40]!r} is no time") from None
