"""What people see of their pull request's runs at a real forge, told and reviewed by the controller."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from implementation_dag.reporting.comment import marker
from tests.api.previews import RELEASE

from .argo import FAILS, Argo, url
from .place import OWNER, Place
from .process import until
from .wire import refusing

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text())


def told(place: Place, number: int, verdict: str, commit: str) -> str:
    """Wait until the one comment says it of that commit; return its text."""

    def said() -> bool:
        found = place.ours(number)
        return bool(found) and all(place.agents(number)[key] == value for key, value in wanted.items())

    wanted = {"verdict": verdict, "commit": commit}
    until(said, lambda: (place.ours(number), place.status(number)))
    (text,) = place.ours(number)
    assert text.startswith(marker(RELEASE))
    Draft202012Validator(SCHEMA).validate(place.agents(number))
    return text


def test_a_run_that_passes_is_told_and_its_commit_approved_until_the_head_moves(place: Place, argo: Argo) -> None:
    argo.hold = True
    number, first = place.open("change")
    told(place, number, "running", first)
    assert place.statuses(first)[RELEASE][0] == "pending"
    assert place.reviews(number) == []
    argo.hold = False
    text = told(place, number, "passed", first)
    run = place.status(number)["run"]["name"]
    assert url(run) in text
    assert place.status(number)["expires"] in text
    states = {context: state for context, (state, _) in place.statuses(first).items()}
    assert states.pop(RELEASE) == "success"
    assert set(states.values()) == {"success"}
    assert f"{RELEASE}/acceptance" in states
    until(lambda: place.reviews(number) == [("qa", "APPROVED", first)], lambda: place.reviews(number))
    argo.hold = True
    second = place.push("change", "second.txt")
    told(place, number, "running", second)
    until(lambda: place.reviews(number) == [], lambda: place.reviews(number))
    argo.hold = False
    told(place, number, "passed", second)
    until(lambda: place.reviews(number) == [("qa", "APPROVED", second)], lambda: place.reviews(number))
    place.developer.set_open(OWNER, place.repo, number, wanted=False)
    place.until(number, "Ended")
    until(lambda: place.agents(number)["preview"] == "", lambda: place.agents(number))


def test_a_head_that_moved_meanwhile_is_never_approved(place: Place, argo: Argo) -> None:
    argo.hold = True
    number, first = place.open("change")
    told(place, number, "running", first)
    second = place.push("change", "second.txt")
    told(place, number, "running", second)
    argo.hold = False
    told(place, number, "passed", second)
    until(lambda: place.reviews(number))
    assert place.reviews(number) == [("qa", "APPROVED", second)]
    assert place.statuses(first)[RELEASE] == (
        "error",
        "was superseded by a newer commit: a newer commit took its place",
    )


def test_a_failure_asks_for_changes_until_another_run_passes(place: Place, argo: Argo) -> None:
    argo.fails = True
    number, head = place.open("change")
    told(place, number, "failed", head)
    assert place.agents(number)["failing"][0]["stage"] == FAILS
    assert place.statuses(head)[f"{RELEASE}/{FAILS}"][0] == "failure"
    until(lambda: place.reviews(number) == [("qa", "REQUEST_CHANGES", head)], lambda: place.reviews(number))
    argo.fails = False
    place.say(number, "/retest")
    told(place, number, "passed", head)
    until(lambda: place.reviews(number) == [("qa", "APPROVED", head)], lambda: place.reviews(number))


@pytest.mark.parametrize("place", [{"pollSeconds": 3600, "onFailure": "comment"}], indirect=True)
def test_values_may_have_a_failure_commented(place: Place, argo: Argo) -> None:
    argo.fails = True
    number, head = place.open("change")
    told(place, number, "failed", head)
    until(lambda: place.reviews(number) == [("qa", "COMMENT", head)], lambda: place.reviews(number))


def test_a_fork_is_told_that_it_may_not_run(place: Place) -> None:
    place.stranger.fork(OWNER, place.repo)
    head = place.stranger.push("stranger", place.repo, "theirs", {"x.txt": "x"}, since="main")
    number = place.stranger.open(OWNER, place.repo, "stranger:theirs")
    text = told(place, number, "refused", head)
    assert f"/ok-to-test {head}" in text
    assert place.statuses(head)[RELEASE][0] == "error"
    assert place.reviews(number) == []


def test_who_cannot_review_himself_is_told_so_once(place: Place) -> None:
    place.forge.admin.allow(OWNER, place.repo, "qa", "write")
    number, head = place.open("change", who=place.qa)
    told(place, number, "passed", head)
    until(lambda: "no review: " in place.agents(number)["reason"], lambda: place.agents(number))
    assert place.reviews(number) == []
    before = len(place.wire.seen)
    place.until(number, "Ready")
    until(lambda: place.status(number)["run"].get("told"))
    assert len([call for call in place.wire.seen[before:] if call.method == "POST"]) == 0


def test_commands_are_answered_by_a_reaction_and_refusals_by_why(place: Place) -> None:
    number, _ = place.open("change")
    place.until(number, "Ready")
    done = place.say(number, "/preview extend 24h")
    until(lambda: place.reactions(done) == ["+1"], lambda: place.answers(number))
    refused = place.say(number, "/preview extend 9999h")
    until(lambda: place.reactions(refused) == ["confused"], lambda: place.answers(number))
    strange = place.say(number, "/preview stop", place.stranger)
    until(lambda: place.reactions(strange) == ["confused"], lambda: place.answers(number))
    assert any("no write permission" in text for text in place.ours(number))
    assert place.status(number)["phase"] == "Ready"


def test_what_cannot_be_told_is_told_later_and_changes_no_verdict(place: Place, argo: Argo) -> None:
    argo.hold = True
    number, head = place.open("change")
    told(place, number, "running", head)
    place.wire.fault = refusing(503)
    argo.hold = False
    place.until(number, "Ready", commit=head)
    assert place.agents(number)["verdict"] == "running"
    place.wire.fault = None
    told(place, number, "passed", head)
    until(lambda: place.reviews(number) == [("qa", "APPROVED", head)], lambda: place.reviews(number))
    assert [run["name"] for run in place.status(number)["history"]] == []
