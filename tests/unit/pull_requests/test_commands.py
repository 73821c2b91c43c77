"""What comments say, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.forge.model import Comment, Permission
from implementation_dag.pull_requests import commands
from implementation_dag.pull_requests.commands import Command, obey, parse
from implementation_dag.pull_requests.model import Phase, Preview, Seen, Status
from tests.unit.pull_requests.test_decide import SPEC
from tests.unit.pull_requests.world import NAME, SETTINGS, START, commit, opened

PREVIEW = Preview(NAME, replace(SPEC, pinned=True, expires="x"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/retest", Command("/retest")),
        ("Thank you!\r\n/retest deploy  \r\n", Command("/retest", "deploy")),
        ("/preview extend 24h", Command("/preview extend", "24h")),
        ("/preview\tstop", Command("/preview stop")),
        ("/preview pin", Command("/preview pin")),
        (f"/ok-to-test {commit(9)}\n/retest", Command("/ok-to-test", commit(9))),
        ("say /retest", None),
        ("> /retest", None),
        ("    /retest", None),
        ("/retesting", None),
        ("/previews stop", None),
        ("", None),
    ],
)
def test_the_first_line_that_is_a_command_counts(body: str, expected: Command | None) -> None:
    assert parse(body) == expected
    assert commands.meant_for_us(body) == (expected is not None)


@pytest.mark.parametrize(
    "body",
    [
        "```\n/retest\n```",
        "~~~~ text\n~~~\n/retest\n~~~~",
        "`````\n```\n/preview stop",
        "<!--\n/preview stop\n-->",
        "<!-- never closed\n/preview stop",
        "> /retest",
        "    /retest",
        "one line\x0b/retest",
        "one line\u2028/retest",
        "one line\x85/retest",
    ],
)
def test_what_a_comment_only_shows_is_no_command(body: str) -> None:
    assert parse(body) is None


@pytest.mark.parametrize(
    "body", ["```\ncode\n```\n/retest", "<!-- x -->\n/retest", "so:\r\n/retest\r\n", "~~~\n~~~\n/retest"]
)
def test_after_what_is_shown_a_command_counts(body: str) -> None:
    assert parse(body) == Command("/retest")


@pytest.mark.parametrize(
    "body",
    [
        "/retest everything",
        "/retest deploy now",
        "/preview",
        "/preview extend",
        "/preview extend 0h",
        "/preview extend 1d",
        "/preview extend 99999h",
        "/preview stop it",
        "/preview delete",
        "/ok-to-test",
        "/ok-to-test 5f2a954",
        f"/ok-to-test {commit(9).upper()[:-1]}A",
        f"/retest {'x' * 300}",
    ],
)
def test_what_is_no_command_is_told_what_there_is(body: str) -> None:
    found = parse(body)
    assert found is not None
    assert found.problem
    assert not outcome(body).done


@given(st.text() | st.text(alphabet="/retspviw okx1h\n\t", max_size=60))
def test_no_text_breaks_the_reader(body: str) -> None:
    found = parse(body)
    assert (found is not None) == commands.meant_for_us(body)
    assert found is None or found.problem or found.name.split()[0] in commands.WORDS


def outcome(
    body: str, permission: Permission = Permission.WRITE, preview: Preview = PREVIEW, seen: Seen | None = None
) -> commands.Outcome:
    found = parse(body)
    assert found is not None
    return obey(found, Comment(12, 7, "ada", body), permission, preview, seen, SETTINGS, START)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ("/retest", {"retest": "comment-12", "stop": None, "expires": None}),
        ("/preview stop", {"stop": commit(1), "pinned": None}),
        ("/preview pin", {"pinned": True}),
        (f"/ok-to-test {commit(1)}", {"okToTest": commit(1)}),
        ("/preview extend 24h", {"expires": "2026-01-02T00:00:00Z"}),
    ],
)
def test_a_command_changes_the_wish_for_who_may_write(body: str, changes: dict[str, object]) -> None:
    assert outcome(body) == commands.Outcome(True, changes=changes)
    for permission in (Permission.NONE, Permission.READ):
        assert outcome(body, permission) == commands.Outcome(False, "ada has no write permission here")


ALL = ("/retest", "/preview extend 24h", "/preview stop", "/preview pin", f"/ok-to-test {commit(1)}")


@pytest.mark.parametrize("body", ALL)
@pytest.mark.parametrize("open_now", [True, False, None])
@pytest.mark.parametrize("phase", list(Phase))
def test_yes_is_said_only_where_something_comes_of_it(body: str, open_now: bool | None, phase: Phase) -> None:
    seen = None if open_now is None else Seen(replace(opened(), open=open_now))
    found = outcome(body, preview=replace(PREVIEW, status=Status(phase=phase)), seen=seen)
    closed, over = open_now is False, phase in (Phase.ENDING, Phase.ENDED)
    late = (closed and body in (ALL[0], ALL[4])) or (over and body in (ALL[1], ALL[3]))
    assert found.done == (not late)
    if late:
        assert "closed" in found.why or "over" in found.why
        assert ("open it again" in found.why) == closed


def test_what_was_just_stopped_is_over() -> None:
    stopped = replace(PREVIEW, spec=replace(SPEC, stop=SPEC.head))
    assert outcome("/preview pin", preview=stopped).why == (
        "its preview is over; push, or comment /retest to have another one"
    )
    assert outcome("/retest", preview=stopped).done


def test_another_commit_than_the_head_is_not_let_run() -> None:
    found = outcome(f"/ok-to-test {commit(2)}")
    assert not found.done
    assert commit(1) in found.why


def test_a_preview_is_kept_for_a_bounded_time() -> None:
    assert "168 hours" in outcome("/preview extend 169h").why
