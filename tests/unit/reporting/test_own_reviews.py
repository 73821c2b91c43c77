"""Which reviews are ours and count, in the words of each forge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.forge.errors import Unavailable
from implementation_dag.reporting.gitea_reviews import GiteaReviews
from implementation_dag.reporting.github_reviews import GitHubReviews
from implementation_dag.reporting.own_reviews import OwnReviews
from implementation_dag.reporting.reviews import Kind

from .hostile import COMMIT
from .peer import US, Peer

GIVEN = (Kind.APPROVAL, Kind.CHANGES, Kind.COMMENT)
# What each forge shows of a review of each kind.
STATES: dict[type[OwnReviews], dict[Kind, str]] = {
    GiteaReviews: {Kind.APPROVAL: "APPROVED", Kind.CHANGES: "REQUEST_CHANGES", Kind.COMMENT: "COMMENT"},
    GitHubReviews: {Kind.APPROVAL: "APPROVED", Kind.CHANGES: "CHANGES_REQUESTED", Kind.COMMENT: "COMMENTED"}
    | {Kind.DISMISSED: "DISMISSED"},
}
FORGES = pytest.mark.parametrize("forge", [GiteaReviews, GitHubReviews])
KNOWN = sorted({state for states in STATES.values() for state in states.values()})
SHOWN = st.fixed_dictionaries(
    {
        "id": st.integers(1, 99),
        # A user that was deleted is null.
        "user": st.sampled_from([US, "ada"]).map(lambda login: {"login": login}) | st.none(),
        "state": st.sampled_from([*KNOWN, "PENDING", "REQUEST_REVIEW", ""]),
        "dismissed": st.booleans(),
        "commit_id": st.just(COMMIT) | st.none(),
        "body": st.text(max_size=9),
    }
)


@FORGES
@given(st.lists(SHOWN, max_size=7))
def test_only_our_own_are_seen_in_their_order(forge: type[OwnReviews], shown: list[dict[str, Any]]) -> None:
    kinds = {state: kind for kind, state in STATES[forge].items()}

    def kind(one: dict[str, Any]) -> Kind | None:
        # GitHub has a state for it.
        return Kind.DISMISSED if forge is GiteaReviews and one["dismissed"] else kinds.get(one["state"])

    expected = [
        (one["id"], kind(one), one["commit_id"] or "", one["body"])
        for one in shown
        if one["user"] == {"login": US} and kind(one)
    ]
    found = forge(Peer(reviews=shown)).own("acme", "shop", 7)
    assert [(one.id, one.kind, one.commit, one.body) for one in found] == expected


@FORGES
@pytest.mark.parametrize("kind", GIVEN)
def test_a_review_names_the_commit_that_it_is_of(forge: type[OwnReviews], kind: Kind) -> None:
    peer = Peer()
    forge(peer).give("acme", "shop", 7, kind, COMMIT, "words")
    (given_,) = peer.reviews
    assert (given_["commit_id"], given_["body"]) == (COMMIT, "words")
    assert given_["event"] == forge.words.events[kind]
    assert len(set(forge.words.events.values())) == len(GIVEN)


@FORGES
def test_half_an_answer_is_no_review_that_is_missing(forge: type[OwnReviews]) -> None:
    shown = {"id": 1, "user": {"login": US}, "state": "APPROVED", "dismissed": False}
    with pytest.raises(Unavailable, match=r"reviews\[0\].body"):
        forge(Peer(reviews=[shown])).own("acme", "shop", 7)
