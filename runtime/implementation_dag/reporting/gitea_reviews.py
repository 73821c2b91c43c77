"""Reviews at Gitea, or Forgejo."""

from __future__ import annotations

from collections.abc import Sequence

from implementation_dag.forge.fields import objects
from implementation_dag.forge.http import at
from implementation_dag.forge.identity import Identity

from .reviews import Kind, Review

_REVIEWS = "/repos/{owner}/{repo}/pulls/{number}/reviews"
_PAGE = 50
_EVENTS = {Kind.APPROVAL: "APPROVED", Kind.CHANGES: "REQUEST_CHANGES", Kind.COMMENT: "COMMENT"}
_KINDS = {event: kind for kind, event in _EVENTS.items()}


class GiteaReviews:
    """Reviews as `identity`, for which read permission is enough."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def login(self) -> str:
        """Return the identity's name."""
        return self._identity.login()

    def own(self, owner: str, repo: str, number: int) -> Sequence[Review]:
        """Return its reviews that stand, the oldest first."""
        path = at(_REVIEWS, owner=owner, repo=repo, number=number)
        found = []
        for answer in self._identity.caller(owner, repo).pages(path, {"limit": _PAGE}):
            for one in objects(answer.data, f"GET {path}"):
                author, kind = one.inner_or_none("user"), _KINDS.get(one.text("state"))
                if kind and author and author.text("login") == self.login() and not one.flag("dismissed"):
                    found.append(Review(one.number("id"), kind, one.optional("commit_id"), one.text("body")))
        return found

    def give(self, owner: str, repo: str, number: int, kind: Kind, commit: str, body: str) -> None:
        """Review that commit."""
        path = at(_REVIEWS, owner=owner, repo=repo, number=number)
        review = {"commit_id": commit, "event": _EVENTS[kind], "body": body}
        self._identity.caller(owner, repo).call("POST", path, body=review)

    def withdraw(self, owner: str, repo: str, number: int, review: Review, why: str) -> None:
        """Delete the identity's own review: Gitea lets only a repository's administrator dismiss one."""
        path = at(_REVIEWS + "/{id}", owner=owner, repo=repo, number=number, id=review.id)
        self._identity.caller(owner, repo).call("DELETE", path)
