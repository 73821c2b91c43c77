"""One comment for a pull request, whatever people do to comments meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.forge.errors import Missing, Unavailable
from implementation_dag.forge.http import MOST_PAGES
from implementation_dag.forge.model import Comment, Report, Verdict
from implementation_dag.reporting import comment
from implementation_dag.reporting.sticky import Comments

from .hostile import COMMIT
from .peer import US, Peer

RELEASE = "previews"
RUNNING = Report("acme", "shop", 7, COMMIT, Verdict.RUNNING, "run-1")
MARKER = comment.marker(RELEASE)
ASKED = Comment(5, 7, "ada", "/preview pin")


def ours(peer: Peer, first_line: str = MARKER) -> list[str]:
    return [text for text in peer.texts(US) if text.splitlines()[0] == first_line]


@given(st.lists(st.sampled_from(["show", "restart", "delete", "rewrite", "another's", "ours elsewhere", "other PR"])))
def test_there_is_one_comment_of_ours_and_others_stay_as_they_are(happenings: list[str]) -> None:
    peer, theirs = Peer(), f"{MARKER}\nnot the release's"
    comments = Comments(peer, RELEASE)
    for number, what in enumerate([*happenings, "show"]):
        if what == "show":
            report = replace(RUNNING, reason=str(number))
            comments.show(report)
            assert ours(peer) == [comment.body(report, RELEASE)]
        elif what == "restart":
            comments = Comments(peer, RELEASE)
        elif what == "delete":
            peer.comments = {key: one for key, one in peer.comments.items() if not one["body"].startswith(MARKER)}
        elif what == "rewrite":
            # As Gitea's own editor leaves it.
            for one in peer.comments.values():
                one["body"] = "\r\n".join([*one["body"].splitlines(), ""])
        elif what == "another's":
            peer.comment("ada", theirs)
        elif what == "ours elsewhere":
            peer.comment(US, f"See {MARKER}")
        else:
            peer.comment(US, "The other one's", number=8)
    assert {"\n".join(text.splitlines()) for text in peer.texts("ada")} <= {theirs}


def test_what_is_said_already_is_not_written_again() -> None:
    peer = Peer()
    Comments(peer, RELEASE).show(RUNNING)
    before = len(peer.calls)
    again = Comments(peer, RELEASE)
    for _ in range(2):
        again.show(RUNNING)
    assert peer.calls[before:] == ["GET", "GET"]


def test_where_not_all_comments_are_seen_no_second_one_is_written() -> None:
    peer = Peer(page=1)
    for _ in range(MOST_PAGES + 1):
        peer.comment("ada", "hello")
    with pytest.raises(Unavailable, match="a second one of ours might be written"):
        Comments(peer, RELEASE).show(RUNNING)
    assert peer.texts(US) == []


@pytest.mark.parametrize(("done", "reaction"), [(True, "+1"), (False, "confused")])
def test_a_command_has_its_reaction_and_a_refusal_its_reason_once(done: bool, reaction: str) -> None:
    peer = Peer()
    asked = replace(ASKED, id=peer.comment("ada", "/preview pin"))
    for comments in (Comments(peer, RELEASE), Comments(peer, RELEASE)):
        comments.answer("acme", "shop", asked, done, "@all may not")
    assert set(peer.reactions) == {(asked.id, reaction)}
    assert len(ours(peer, comment.refusal_marker(RELEASE, asked.id))) == (0 if done else 1)
    assert ours(peer) == []


def test_a_command_that_was_deleted_meanwhile_is_said_to_be_missing() -> None:
    with pytest.raises(Missing):
        Comments(Peer(), RELEASE).answer("acme", "shop", ASKED, done=True, why="")
