"""Who speaks to the forge: an account by its token, or a GitHub App by its key. Each has a folder of credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx2

from .errors import ForgeError
from .fields import Fields
from .http import Caller

TOKEN = "token"  # noqa: S105
# GitHub and Gitea alike.
_SCHEME = "Bearer"


@dataclass(frozen=True)
class Place:
    """Where a forge's API answers, and what it is called with; `transport` and `clock` take their places in tests."""

    url: str
    ca_file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    transport: httpx2.BaseTransport | None = None
    clock: Callable[[], float] = time.monotonic
    # Called before each request of each identity.
    spend: Callable[[], None] = lambda: None
    # Who calls, in metrics.
    who: str = ""

    def caller(self, authorization: Callable[[], str], renew: Callable[[], bool] = lambda: False) -> Caller:
        """Return a caller with an identity's header."""
        return Caller(
            self.url,
            authorization,
            renew=renew,
            spend=self.spend,
            who=self.who,
            headers=self.headers,
            ca_file=self.ca_file,
            transport=self.transport,
            clock=self.clock,
        )


class Identity(Protocol):
    """One identity at the forge."""

    def caller(self, owner: str, repo: str) -> Caller:
        """Return what calls the API for that repository, with no more rights than the identity needs there."""

    def login(self) -> str:
        """Return the name under which the forge shows what this identity wrote."""


class Account:
    """An account of the forge, by the token that lies in its folder, read at each call: it may be renewed."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._file = folder / TOKEN
        self._caller = place.caller(lambda: f"{_SCHEME} {read(self._file)}")
        self._login = ""

    def caller(self, owner: str, repo: str) -> Caller:
        """Return the one caller: its token's rights are as its owner made them."""
        return self._caller

    def login(self) -> str:
        """Return the account's name."""
        self._login = self._login or Fields(self._caller.call("GET", "/user").data, "GET /user").text("login")
        return self._login


def read(file: Path) -> str:
    """Return a credential. Raises ForgeError that names the file, and nothing of its content."""
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ForgeError(f"{file}: the credential cannot be read: {type(error).__name__}") from None
    if not found:
        raise ForgeError(f"{file}: the credential is empty")
    return found
