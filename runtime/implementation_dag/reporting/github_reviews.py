"""Reviews at GitHub."""

from __future__ import annotations

from collections.abc import Sequence

from implementation_dag.forge.fields import objects
from implementation_dag.forge.github import PAGE
from implementation_dag.forge.http import at
from implementation_dag.forge.identity import Identity

from .reviews import Kind, Review

_REVIEWS = "/repos/{owner}/{repo}/pulls/{number}/reviews"
_STATES = {"APPROVED": Kind.APPROVAL, "CHANGES_REQUESTED": Kind.CHANGES, "COMMENTED": Kind.COMMENT}
_EVENTS = {Kind.APPROVAL: "APPROVE", Kind.CHANGES: "REQUEST_CHANGES", Kind.COMMENT: "COMMENT"}


class GitHubReviews:
    """Reviews as `identity`."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def login(self) -> str:
        """Return the identity's name."""
        return self._identity.login()

    def own(self, owner: str, repo: str, number: int) -> Sequence[Review]:
        """Return its reviews that stand, the oldest first."""
        path = at(_REVIEWS, owner=owner, repo=repo, number=number)
        found = []
        for answer in self._identity.caller(owner, repo).pages(path, {"per_page": PAGE}):
            for one in objects(answer.data, f"GET {path}"):
                author, kind = one.inner_or_none("user"), _STATES.get(one.text("state"))
                if kind and author and author.text("login") == self.login():
                    found.append(Review(one.number("id"), kind, one.optional("commit_id"), one.text("body")))
        return found

    def give(self, owner: str, repo: str, number: int, kind: Kind, commit: str, body: str) -> None:
        """Review that commit."""
        path = at(_REVIEWS, owner=owner, repo=repo, number=number)
        review = {"commit_id": commit, "event": _EVENTS[kind], "body": body}
        self._identity.caller(owner, repo).call("POST", path, body=review)

    def withdraw(self, owner: str, repo: str, number: int, review: Review, why: str) -> None:
        """Dismiss a review."""
        path = at(_REVIEWS + "/{id}/dismissals", owner=owner, repo=repo, number=number, id=review.id)
        self._identity.caller(owner, repo).call("PUT", path, body={"message": why, "event": "DISMISS"})
