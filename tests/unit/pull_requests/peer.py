"""A forge that says what a test wants, also what no real one says when it is asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from implementation_dag.forge.errors import ForgeError, Missing
from implementation_dag.forge.model import Changes, Comment, Listing, Permission, PullRequest, Report
from implementation_dag.forge.port import Approver, Reader, Teller

Given = TypeVar("Given")


@dataclass
class Peer(Reader, Teller, Approver):
    """Reads, tells and reviews. What is an error is raised."""

    found: PullRequest | ForgeError
    listing: Listing | ForgeError | None = None
    said: dict[int, Comment] = field(default_factory=dict)
    permissions: dict[str, Permission] = field(default_factory=dict)
    changes: Changes = field(default_factory=lambda: Changes(("src/x.py",)))
    # What goes wrong, by the name of its call.
    wrong: dict[str, ForgeError] = field(default_factory=dict)
    # What it was asked, and told.
    asked: int = 0
    asked_permission: int = 0
    tags: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    told: list[Report] = field(default_factory=list)
    answers: list[tuple[int, bool, str]] = field(default_factory=list)
    reviewed: list[Report] = field(default_factory=list)

    def pull_request(self, owner: str, repo: str, number: int) -> PullRequest:
        self.asked += 1
        return given(self.found)

    def open_pull_requests(self, owner: str, repo: str, tag: str = "") -> Listing | None:
        self.tags.append(tag)
        return given(self.listing)

    def changed_files(self, owner: str, repo: str, number: int) -> Changes:
        self.asked += 1
        return self.changes

    def comment(self, owner: str, repo: str, number: int, comment: int) -> Comment:
        return given(self.said.get(comment, Missing("no such comment")))

    def comments(self, owner: str, repo: str, since: str) -> Sequence[Comment]:
        given(self.wrong.get("comments"))
        self.listed.append(since)
        return list(self.said.values())

    def permission(self, owner: str, repo: str, login: str) -> Permission:
        self.asked_permission += 1
        return self.permissions.get(login, Permission.NONE)

    def tell(self, report: Report) -> None:
        given(self.wrong.get("tell"))
        self.told.append(report)

    def answer(self, owner: str, repo: str, comment: Comment, done: bool, why: str = "") -> None:
        given(self.wrong.get("answer"))
        self.answers.append((comment.id, done, why))

    def review(self, report: Report) -> None:
        given(self.wrong.get("review"))
        self.reviewed.append(report)


def given(answer: Given | Exception) -> Given:
    """Return an answer, or raise it."""
    if isinstance(answer, Exception):
        raise answer
    return answer
