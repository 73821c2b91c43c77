"""Reviews at GitHub."""

from __future__ import annotations

from implementation_dag.forge.github import PAGE
from implementation_dag.forge.http import at

from .own_reviews import REVIEWS, OwnReviews, Words
from .reviews import Kind, Review

_EVENTS = {Kind.APPROVAL: "APPROVE", Kind.CHANGES: "REQUEST_CHANGES", Kind.COMMENT: "COMMENT"}
_STATES = {
    "APPROVED": Kind.APPROVAL,
    "CHANGES_REQUESTED": Kind.CHANGES,
    "COMMENTED": Kind.COMMENT,
    "DISMISSED": Kind.DISMISSED,
}


class GitHubReviews(OwnReviews):
    """Reviews as `identity`."""

    words = Words({"per_page": PAGE}, _EVENTS, _STATES)

    def withdraw(self, owner: str, repo: str, number: int, review: Review, why: str) -> None:
        """Dismiss a review."""
        path = at(REVIEWS + "/{id}/dismissals", owner=owner, repo=repo, number=number, id=review.id)
        self._identity.caller(owner, repo).call("PUT", path, body={"message": why, "event": "DISMISS"})
