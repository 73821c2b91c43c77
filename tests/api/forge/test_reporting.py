"""What a real Gitea shows of a run, who may do it, and that no call merges."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from implementation_dag.forge.errors import Conflict
from implementation_dag.forge.identity import TOKEN, Account
from implementation_dag.forge.identity import Place as Address
from implementation_dag.forge.model import Comment, Report, Stage, State, Verdict
from implementation_dag.reporting.comment import marker
from implementation_dag.reporting.gitea import GiteaTeller
from implementation_dag.reporting.gitea_reviews import GiteaReviews
from implementation_dag.reporting.reviews import Reviewer
from tests.api.allowed import ALL, QA, REPORTER, template

from .conftest import OWNER, Place
from .test_pull_requests import eventually

RELEASE = "previews"
PREVIEW = "https://shop-pr-7.preview.example.com"


class Recording(httpx2.BaseTransport):
    """The network, and what was called through it."""

    def __init__(self, ca_file: Path | None) -> None:
        self._network = httpx2.HTTPTransport(verify=ssl.create_default_context(cafile=ca_file))
        self.calls: list[tuple[str, str]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.calls.append((request.method, template(request.url.path)))
        return self._network.handle_request(request)


@dataclass
class Ours:
    """The product's identities at the forge."""

    place: Place
    network: Recording
    accounts: dict[str, Account]
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(100)))

    @property
    def teller(self) -> GiteaTeller:
        """The reporter, with nothing in its memory."""
        return GiteaTeller(self.accounts["reporter"], RELEASE)

    @property
    def reviewer(self) -> Reviewer:
        """QA."""
        return Reviewer(self.place.reader, GiteaReviews(self.accounts["qa"]), RELEASE, "request-changes")

    def opened(self, author: str = "developer") -> Report:
        """Open a pull request; return the report of a run that passed on its head."""
        branch = f"change-{next(self.numbers)}"
        developer = self.place.developer if author == "developer" else self.place.forge.admin.user(author)
        self.place.developer.push(OWNER, self.place.repo, branch, {f"{branch}.txt": "x\n"}, since="main")
        number = developer.open(OWNER, self.place.repo, branch)
        head = self.place.reader.pull_request(OWNER, self.place.repo, number).head
        stages = (Stage("qa-testing", State.PASSED, "7 tests <b>@developer</b>", evidence=PREVIEW),)
        return Report(
            OWNER, self.place.repo, number, head, Verdict.PASSED, "shop-pr-7-1", stages=stages, preview=PREVIEW
        )

    def read(self, path: str) -> Any:
        """Return what the forge says to its administrator."""
        return self.place.forge.admin.call("GET", f"/repos/{OWNER}/{self.place.repo}{path}")


@pytest.fixture(scope="module")
def ours(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    network = Recording(place.forge.ca_file)
    address = Address(f"{place.forge.url}/api/v1", place.forge.ca_file, transport=network)
    accounts = {}
    for name, permission in (("reporter", "write"), ("qa", "read")):
        folder = tmp_path_factory.mktemp(name)
        driver = place.forge.admin.user(name, scopes=("write:repository", "write:issue", "read:user"))
        place.forge.admin.allow(OWNER, place.repo, name, permission)
        (folder / TOKEN).write_text(driver.token)
        accounts[name] = Account(address, folder)
    yield Ours(place, network, accounts)
    assert set(network.calls) <= ALL
    assert set(network.calls) >= {call for call in REPORTER | QA if call[0] != "GET"}


def comments(ours: Ours, report: Report) -> list[tuple[str, str]]:
    found = ours.read(f"/issues/{report.number}/comments")
    return [(one["user"]["login"], one["body"]) for one in found]


def test_a_run_is_shown_by_statuses_and_one_comment(ours: Ours) -> None:
    passed = ours.opened()
    ours.place.developer.comment(OWNER, ours.place.repo, passed.number, f"{marker(RELEASE)}\nnot the release's")
    teller = ours.teller
    for report in (replace(passed, verdict=Verdict.RUNNING, preview=""), passed):
        teller.tell(report)
        assert [author for author, _ in comments(ours, report)] == ["developer", "reporter"]
    found = {one["context"]: one for one in ours.read(f"/commits/{passed.commit}/status")["statuses"]}
    assert {context: one["status"] for context, one in found.items()} == {
        RELEASE: "success",
        f"{RELEASE}/qa-testing": "success",
    }
    assert found[f"{RELEASE}/qa-testing"]["description"] == "7 tests <b>@developer</b>"
    assert found[f"{RELEASE}/qa-testing"]["target_url"] == PREVIEW
    before = len(ours.network.calls)
    teller.tell(passed)
    assert len(ours.network.calls) == before
    ours.teller.tell(passed)
    assert {method for method, _ in ours.network.calls[before:]} == {"GET"}
    assert len(ours.network.calls) - before <= 3


def test_another_pull_request_of_the_commit_that_may_not_run_takes_nothing_from_the_first(ours: Ours) -> None:
    passed = ours.opened()
    ours.teller.tell(passed)
    second = ours.opened()
    refused = replace(second, commit=passed.commit, verdict=Verdict.REFUSED, run="", reason="a fork", stages=())
    ours.teller.tell(refused)
    states = {one["status"] for one in ours.read(f"/commits/{passed.commit}/status")["statuses"]}
    assert states == {"success"}
    assert "a fork" in comments(ours, refused)[-1][1]


def test_what_gitea_makes_of_the_comment_mentions_nobody(ours: Ours) -> None:
    passed = ours.opened()
    ours.teller.tell(passed)
    text = comments(ours, passed)[-1][1]
    where = {"Text": text, "Mode": "comment", "Context": f"/{OWNER}/{ours.place.repo}"}
    # Gitea answers with the page, which is no JSON.
    response = httpx2.post(
        f"{ours.place.forge.url}/api/v1/markup",
        json=where,
        headers={"Authorization": f"token {ours.place.forge.admin.token}"},
        verify=ssl.create_default_context(cafile=ours.place.forge.ca_file),
    )
    assert "<code>7 tests &lt;b&gt;@developer&lt;/b&gt;</code>" in response.text
    assert "mention" not in response.text
    assert f'href="{PREVIEW}"' in response.text


def reviews(ours: Ours, report: Report) -> list[tuple[str, str, str]]:
    found = ours.read(f"/pulls/{report.number}/reviews")
    return [(one["user"]["login"], one["state"], one["commit_id"]) for one in found]


def test_the_tested_commit_is_approved_until_the_head_moves(ours: Ours) -> None:
    passed = ours.opened()
    for _ in range(2):
        ours.reviewer.review(passed)
    assert reviews(ours, passed) == [("qa", "APPROVED", passed.commit)]
    branch = ours.place.reader.pull_request(OWNER, ours.place.repo, passed.number).branch
    moved = ours.place.developer.push(OWNER, ours.place.repo, branch, {"more.txt": "y\n"})
    reader, where = ours.place.reader, (OWNER, ours.place.repo, passed.number)
    assert eventually(lambda: reader.pull_request(*where).head == moved)
    ours.reviewer.review(passed)
    assert reviews(ours, passed) == []
    second = replace(passed, commit=moved, run="shop-pr-7-2")
    ours.reviewer.review(second)
    assert reviews(ours, passed) == [("qa", "APPROVED", moved)]
    ours.reviewer.review(replace(second, run="shop-pr-7-3", verdict=Verdict.FAILED, reason="1 test failed"))
    assert reviews(ours, passed) == [("qa", "REQUEST_CHANGES", moved)]
    # The earlier run is told of once more.
    ours.reviewer.review(second)
    assert reviews(ours, passed) == [("qa", "REQUEST_CHANGES", moved)]


def test_an_approval_that_a_person_dismissed_comes_from_another_run_alone(ours: Ours) -> None:
    passed = ours.opened()
    ours.reviewer.review(passed)
    (given,) = ours.read(f"/pulls/{passed.number}/reviews")
    path = f"/repos/{OWNER}/{ours.place.repo}/pulls/{passed.number}/reviews/{given['id']}/dismissals"
    ours.place.forge.admin.call("POST", path, {"message": "there is a back door in it"})
    ours.reviewer.review(replace(passed, expires="2026-12-02T00:00:00Z"))
    assert [one["dismissed"] for one in ours.read(f"/pulls/{passed.number}/reviews")] == [True]
    ours.reviewer.review(replace(passed, run="shop-pr-7-2"))
    assert [one["dismissed"] for one in ours.read(f"/pulls/{passed.number}/reviews")] == [True, False]


def test_ones_own_pull_request_is_refused_in_clear_words(ours: Ours) -> None:
    passed = ours.opened(author="qa")
    with pytest.raises(Conflict, match=r"is by qa, as whom QA reviews too.*of its own"):
        ours.reviewer.review(passed)


def test_a_command_gets_a_reaction_and_a_refusal_its_reason_once(ours: Ours) -> None:
    passed = ours.opened()
    repo = ours.place.repo
    asked = ours.place.developer.comment(OWNER, repo, passed.number, "/preview pin")
    for _ in range(2):
        ours.teller.answer(OWNER, repo, Comment(asked, passed.number, "developer", ""), False, "@all may not")
    assert [author for author, _ in comments(ours, passed)] == ["developer", "reporter"]
    assert "`@all may not`" in comments(ours, passed)[1][1]
    assert [one["content"] for one in ours.read(f"/issues/comments/{asked}/reactions")] == ["confused"]
