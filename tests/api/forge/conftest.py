"""One Gitea for all tests of this folder, with TLS, an organization, and who reads it for us."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.http import Caller
from scripts.lab.forge.driver import Driver
from scripts.lab.forge.process import Forge, running
from scripts.lab.stand.certificates import self_signed
from scripts.lab.stand.forge import IDENTITIES, READER

OWNER = "acme"


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """A real forge."""
    folder = tmp_path_factory.mktemp("certificate")
    self_signed("localhost", folder)
    with running((folder / "git.crt", folder / "git.key")) as found:
        found.admin.organization(OWNER)
        yield found


@dataclass(frozen=True)
class Place:
    """A private repository of its own: `developer` may write to it, `token` is that of the product's reader."""

    forge: Forge
    repo: str
    developer: Driver
    token: str

    def caller(self, url: str = "", ca_file: Path | None = None, seconds: float = 30) -> Caller:
        """Return the product's caller, by another way than the forge's own address where `url` says so."""
        address = url or self.forge.url
        return Caller(
            f"{address}/api/v1", lambda: f"token {self.token}", ca_file=ca_file or self.forge.ca_file, seconds=seconds
        )

    @property
    def reader(self) -> Gitea:
        """The product's reader."""
        return Gitea(self.caller())


@pytest.fixture(scope="module")
def place(forge: Forge, request: pytest.FixtureRequest) -> Place:
    """A repository of the module's own."""
    repo = request.module.__name__.rpartition(".")[2]
    forge.admin.repository(OWNER, repo)
    developer = forge.admin.user("developer")
    reader = forge.admin.user("reader", scopes=IDENTITIES[READER].scopes)
    forge.admin.team(OWNER, "", "reader", "owner")
    forge.admin.allow(OWNER, repo, "developer", "write")
    return Place(forge, repo, developer, reader.token)
