"""What every forge's client can do. Calls raise forge.errors.ForgeError; each is safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .model import Changes, Comment, Listing, Permission, PullRequest, Report


class Reader(Protocol):
    """Reads pull requests."""

    def pull_request(self, owner: str, repo: str, number: int) -> PullRequest:
        """Return the pull request as it is now."""

    def open_pull_requests(self, owner: str, repo: str, tag: str = "") -> Listing | None:
        """Return all open ones, or None when nothing changed since the answer with this ETag."""

    def changed_files(self, owner: str, repo: str, number: int) -> Changes:
        """Return the paths that the pull request changes."""

    def comment(self, owner: str, repo: str, number: int, comment: int) -> Comment:
        """Return a comment of the pull request. Raises Missing where it is another's, or deleted."""

    def comments(self, owner: str, repo: str, since: str) -> Sequence[Comment]:
        """Return the comments on pull requests, of issues some too, that are of this RFC 3339 time or later.

        Raises Unclear where a page is missing.
        """

    def permission(self, owner: str, repo: str, login: str) -> Permission:
        """Return what a user may do in the repository."""


class Teller(Protocol):
    """Tells people of a run: statuses or check runs, the deployment, one comment."""

    def tell(self, report: Report) -> None:
        """Bring what the forge shows to what the report says."""

    def answer(self, owner: str, repo: str, comment: Comment, done: bool, why: str = "") -> None:
        """React to a command; where it was not done, say why."""


class Approver(Protocol):
    """Reviews as the QA identity."""

    def review(self, report: Report) -> None:
        """Approve the tested commit where the run passed and it is still the head; withdraw what names another."""
