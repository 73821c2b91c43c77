"""What values and credentials make of the forge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from implementation_dag.base.errors import StepError
from implementation_dag.forge.app import APP_ID
from implementation_dag.forge.errors import Missing
from implementation_dag.forge.gitea import Gitea
from implementation_dag.forge.github import GitHubReader
from implementation_dag.pull_requests.connect import forge
from implementation_dag.pull_requests.model import Settings
from implementation_dag.pull_requests.repositories import Repositories
from implementation_dag.pull_requests.settings import Told
from implementation_dag.reporting.gitea import GiteaTeller
from implementation_dag.reporting.github import GitHubTeller
from implementation_dag.reporting.reviews import Reviewer
from tests.answering import Request, serving


def told(kind: str) -> Told:
    return Told("ns", "previews", Repositories(()), Settings(kind=kind), url="https://x.example.com/api")  # type: ignore[arg-type]


def folder(path: Path, *names: str) -> str:
    path.mkdir()
    for name in names:
        (path / name).write_text("11")
    return str(path)


def test_without_a_forge_there_is_none() -> None:
    assert forge(told("none"), {}) is None


@pytest.mark.parametrize(
    ("kind", "reader", "teller"), [("github", GitHubReader, GitHubTeller), ("gitea", Gitea, GiteaTeller)]
)
@pytest.mark.parametrize("qa", [None, "token", APP_ID])
def test_each_forge_has_its_own_clients(tmp_path: Path, kind: str, reader: type, teller: type, qa: str | None) -> None:
    env = {"FORGE_REPORTER": folder(tmp_path / "reporter", APP_ID)}
    if qa:
        env["FORGE_QA"] = folder(tmp_path / "qa", qa)
    found = forge(told(kind), env)
    assert found
    assert isinstance(found.reader, reader)
    assert isinstance(found.teller, teller)
    assert isinstance(found.approver, Reviewer) == bool(qa)


@pytest.mark.parametrize("own", [True, False], ids=["reader", "reporter"])
def test_the_reporter_reads_where_nobody_else_does(tmp_path: Path, own: bool) -> None:
    asked: list[str] = []

    def answer(request: Request) -> None:
        asked.append(request.headers["Authorization"])
        request.send_error(404)

    env = {"FORGE_REPORTER": folder(tmp_path / "reporter", "token")}
    if own:
        env["FORGE_READER"] = folder(tmp_path / "reader", "token")
        (tmp_path / "reader" / "token").write_text("22")
    with serving(answer) as port:
        found = forge(replace(told("gitea"), url=f"http://127.0.0.1:{port}"), env)
        assert found
        with pytest.raises(Missing):
            found.reader.pull_request("acme", "shop", 7)
    assert asked == ["Bearer 22" if own else "Bearer 11"]


def test_github_takes_check_runs_of_an_app_alone(tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"reporter/app-id is missing: GitHub takes check runs of a GitHub App alone"):
        forge(told("github"), {"FORGE_REPORTER": folder(tmp_path / "reporter", "token")})
