"""Reviews at Gitea, or Forgejo."""

from __future__ import annotations

from implementation_dag.forge.fields import Fields
from implementation_dag.forge.http import at

from .own_reviews import REVIEWS, OwnReviews, Words
from .reviews import Kind, Review

_EVENTS = {Kind.APPROVAL: "APPROVED", Kind.CHANGES: "REQUEST_CHANGES", Kind.COMMENT: "COMMENT"}


class GiteaReviews(OwnReviews):
    """Reviews as `identity`, for which read permission is enough."""

    words = Words({"limit": 50}, _EVENTS, {event: kind for kind, event in _EVENTS.items()})

    def kind(self, one: Fields) -> Kind | None:
        """Return what it says: the state of one that was dismissed stays what it was."""
        return Kind.DISMISSED if one.flag("dismissed") else super().kind(one)

    def withdraw(self, owner: str, repo: str, number: int, review: Review, why: str) -> None:
        """Delete the identity's own review: Gitea lets only a repository's administrator dismiss one."""
        path = at(REVIEWS + "/{id}", owner=owner, repo=repo, number=number, id=review.id)
        self._identity.caller(owner, repo).call("DELETE", path)
