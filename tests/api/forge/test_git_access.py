"""`helm test` tries the git token on a real forge: enough rights, and it is told where there are none."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from implementation_dag.base import git
from implementation_dag.check import git_access
from implementation_dag.check.finding import Level
from implementation_dag.check.git_access import Server
from scripts.lab.stand.forge import IDENTITIES, PIPELINE

from .conftest import OWNER, Place

Look = Callable[[str, str], dict[str, Level]]


@pytest.fixture
def look(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What is found of a repository with a token."""
    monkeypatch.setattr(git, "CREDENTIALS", tmp_path)
    monkeypatch.setenv("GIT_SSL_CAINFO", str(place.forge.ca_file))
    trusted = ssl.create_default_context(cafile=place.forge.ca_file)

    def found(repo: str, token: str) -> dict[str, Level]:
        (tmp_path / "username").write_text("x-access-token")
        (tmp_path / "password").write_text(token)
        server = Server(place.forge.url, f"{OWNER}/{repo}", "x-access-token", token)
        with httpx2.Client(verify=trusted, trust_env=False) as client:
            return {finding.subject: finding.level for finding in git_access.check(server, client)}

    return found


def test_the_pipelines_token_may_read_and_push(place: Place, look: Look) -> None:
    assert look(place.repo, place.forge.admin.new_token("developer", IDENTITIES[PIPELINE].scopes)) == {
        "git server": Level.OK,
        "git access": Level.OK,
        "git push": Level.OK,
        "token scope": Level.UNKNOWN,
    }


def test_a_token_that_may_only_read_is_told(place: Place, look: Look) -> None:
    assert look(place.repo, place.token)["git push"] == Level.PROBLEM


def test_a_wrong_token_is_told(place: Place, look: Look) -> None:
    assert look(place.repo, "another")["git access"] == Level.PROBLEM


def test_a_secret_that_is_missing_is_told(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "CREDENTIALS", tmp_path / "missing")
    monkeypatch.setenv("GIT_SSL_CAINFO", str(place.forge.ca_file))
    with pytest.raises(git.GitError, match=r"value git\.credentialsSecret"):
        git.references(git.repository_url(place.forge.url, OWNER, place.repo))


def test_a_repository_that_is_not_there_is_told(place: Place, look: Look) -> None:
    assert look("nowhere", place.token)["git access"] == Level.PROBLEM
