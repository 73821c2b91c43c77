"""Reviews of one identity, as far as both forges have the same calls; each forge's own words are given to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from implementation_dag.forge.fields import Fields, objects
from implementation_dag.forge.http import at
from implementation_dag.forge.identity import Identity

from .reviews import Kind, Review

REVIEWS = "/repos/{owner}/{repo}/pulls/{number}/reviews"


class Words(NamedTuple):
    """A forge's own: the query of a page, what it is told for a kind, and what it says of one."""

    page: Mapping[str, int]
    events: Mapping[Kind, str]
    states: Mapping[str, Kind]


class OwnReviews:
    """Lists and gives reviews as `identity`; how one is withdrawn is each forge's own."""

    words: Words

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def login(self) -> str:
        """Return the identity's name."""
        return self._identity.login()

    def own(self, owner: str, repo: str, number: int) -> Sequence[Review]:
        """Return its reviews, the oldest first."""
        path = at(REVIEWS, owner=owner, repo=repo, number=number)
        found = []
        for answer in self._identity.caller(owner, repo).pages(path, self.words.page):
            for one in objects(answer.data, f"GET {path}"):
                author, kind = one.inner_or_none("user"), self.kind(one)
                if kind and author and author.text("login") == self.login():
                    found.append(Review(one.number("id"), kind, one.optional("commit_id"), one.text("body")))
        return found

    def kind(self, one: Fields) -> Kind | None:
        """Return what a review says; None where it is not given yet, or of no kind that we give."""
        return self.words.states.get(one.text("state"))

    def give(self, owner: str, repo: str, number: int, kind: Kind, commit: str, body: str) -> None:
        """Review that commit."""
        path = at(REVIEWS, owner=owner, repo=repo, number=number)
        review = {"commit_id": commit, "event": self.words.events[kind], "body": body}
        self._identity.caller(owner, repo).call("POST", path, body=review)
