"""What settings make of the forge."""

from __future__ import annotations

from pathlib import Path

import pytest

from implementation_dag.base.errors import StepError
from implementation_dag.contract.settings import Forge
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.github import GitHubReader
from implementation_dag.reporting.connect import connect
from implementation_dag.reporting.gitea import GiteaTeller
from implementation_dag.reporting.github import GitHubTeller


def test_each_forge_has_its_own_clients(tmp_path: Path) -> None:
    (tmp_path / "app-id").write_text("11")
    github = connect(Forge("github", "https://api.github.com", reporter=str(tmp_path), qa=str(tmp_path)), "previews")
    assert isinstance(github.reader, GitHubReader)
    assert isinstance(github.teller, GitHubTeller)
    gitea = connect(Forge("gitea", "https://x.example.com/api/v1", reporter="/r", qa="/q"), "previews")
    assert isinstance(gitea.reader, Gitea)
    assert isinstance(gitea.teller, GiteaTeller)


def test_github_needs_an_app_and_none_has_no_clients(tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"forge.reporter is .*: a GitHub App's app-id is needed"):
        connect(Forge("github", "https://api.github.com", reporter=str(tmp_path)), "previews")
    with pytest.raises(StepError, match=r"forge.kind is none"):
        connect(Forge(), "previews")
