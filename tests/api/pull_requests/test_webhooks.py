"""From a push at a real forge to a Workflow: webhooks, the poll, commands, forks, and a receiver that is killed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from lightkube import Client

from implementation_dag.base import kube
from implementation_dag.pull_requests import objects
from tests.api.previews import NAMESPACE

from .argo import Argo
from .conftest import SECRET
from .place import OWNER, Place
from .process import until

DELIVERIES = 500


def deliver(place: Place, event: str, payload: dict[str, Any], number: str) -> bool:
    """Deliver to the receiver what no forge here tells; return whether it said that it stored it."""
    repository = {"name": place.repo, "owner": {"login": OWNER}}
    body = json.dumps(payload | {"repository": repository}).encode()
    mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "x-github-event": event,
        "x-github-delivery": number,
        "content-type": "application/json",
        "x-hub-signature-256": f"sha256={mark}",
    }
    try:
        url = f"http://127.0.0.1:{place.receiver.port}/webhook"
        return httpx2.post(url, content=body, headers=headers, timeout=20).status_code == 202
    except httpx2.HTTPError:
        return False


def test_open_push_close_and_reopen(place: Place, argo: Argo) -> None:
    number, commit = place.open("change")
    place.until(number, "Ready", commit=commit)
    argo.hold = True
    second = place.developer.push(OWNER, place.repo, "change", {"second.txt": "2"})
    place.until(number, "Running", commit=second)
    third = place.developer.push(OWNER, place.repo, "change", {"third.txt": "3"})
    place.until(number, "Running", commit=third)
    argo.hold = False
    found = place.until(number, "Ready", commit=third)
    assert [run.get("cause", "") for run in found["history"]] == ["superseded", ""]
    place.developer.set_open(OWNER, place.repo, number, wanted=False)
    place.until(number, "Ended")
    place.developer.set_open(OWNER, place.repo, number, wanted=True)
    found = place.until(number, "Ready", commit=third)
    assert found["run"]["number"] == 5
    assert argo.most[place.preview(number)] == 1


def test_each_new_pull_request_starts_a_run_at_once(place: Place) -> None:
    """Twenty, one after the other; how long each took is noted."""
    for number in range(20):
        opened, commit = place.open(f"change-{number}")
        place.until(opened, "Ready", commit=commit)


def test_commands(place: Place, argo: Argo) -> None:
    number, _ = place.open("change")
    first = place.until(number, "Ready")["run"]["number"]
    place.say(number, "/retest")
    until(lambda: place.status(number)["run"]["number"] > first, lambda: place.status(number))
    place.say(number, "/preview extend 48h")
    before = place.until(number, "Ready")["expires"]
    until(lambda: place.status(number)["expires"] != before, lambda: place.status(number))
    place.say(number, "/preview stop")
    place.until(number, "Ended")
    place.say(number, "/retest", place.stranger)
    until(
        lambda: any("no write permission" in words for words in place.answers(number)),
        lambda: place.answers(number),
    )
    assert place.status(number)["phase"] == "Ended"


def test_a_strangers_flood_takes_nobodys_place(place: Place, argo: Argo) -> None:
    number, _ = place.open("change")
    place.until(number, "Ready")
    for _ in range(120):
        place.say(number, "/preview stop", place.stranger)
    stop = place.say(number, "/preview stop")
    place.until(number, "Ended")
    until(lambda: place.reactions(stop), lambda: place.answers(number))
    assert {exchange.status for exchange in place.hooks.seen} <= {200, 202}

    def refusals() -> list[str]:
        return [text for text in place.ours(number) if "no write permission" in text]

    until(refusals, lambda: place.answers(number))
    assert len(refusals()) == 1


def test_a_fork_runs_when_somebody_let_this_very_commit_run(place: Place) -> None:
    place.stranger.fork(OWNER, place.repo)
    commit = place.stranger.push("stranger", place.repo, "theirs", {"x.txt": "x"}, since="main")
    number = place.stranger.open(OWNER, place.repo, "stranger:theirs")
    found = place.until(number, "Refused")
    assert f"/ok-to-test {commit}" in found["message"]
    place.say(number, f"/ok-to-test {commit}", place.stranger)
    place.say(number, f"/ok-to-test {'0' * 40}")
    until(lambda: any("look at it" in words for words in place.answers(number)), lambda: place.answers(number))
    assert place.status(number)["phase"] == "Refused"
    place.say(number, f"/ok-to-test {commit}")
    place.until(number, "Ready", commit=commit)
    again = place.stranger.push("stranger", place.repo, "theirs", {"y.txt": "y"})
    found = until(lambda: again in place.status(number).get("message", "") and place.status(number))
    assert (found["phase"], found["run"]["commit"]) == ("Refused", commit)


def test_a_check_of_a_fork_is_run_again_only_for_a_commit_that_was_let_run(place: Place) -> None:
    place.stranger.fork(OWNER, place.repo)
    commit = place.stranger.push("stranger", place.repo, "theirs", {"x.txt": "x"}, since="main")
    number = place.stranger.open(OWNER, place.repo, "stranger:theirs")

    def run_again(delivery: str) -> None:
        """GitHub names no pull request of a fork: our own check says of which run it tells."""
        check = {"pull_requests": [], "external_id": f"{place.preview(number)}-1", "completed_at": delivery}
        before = place.spec(number).get("retest")
        assert deliver(place, "check_run", {"action": "rerequested", "check_run": check}, delivery)
        until(lambda: place.spec(number).get("retest") != before)

    place.until(number, "Refused")
    run_again("first")
    place.say(number, f"/ok-to-test {commit}")
    assert place.until(number, "Ready", commit=commit)["run"]["number"] == 1
    run_again("second")
    until(lambda: place.status(number)["run"]["number"] == 2, lambda: place.status(number))
    place.until(number, "Ready", commit=commit)
    another = place.stranger.push("stranger", place.repo, "theirs", {"y.txt": "y"})
    until(lambda: another in place.status(number).get("message", ""))
    run_again("third")
    # Another command is done after it: by then a run would have been claimed.
    place.say(number, "/preview extend 1h")
    until(lambda: place.spec(number).get("expires"), lambda: place.answers(number))
    found = place.until(number, "Refused")
    assert (found["run"]["number"], found["run"]["commit"]) == (2, commit)


@pytest.mark.parametrize("place", [{"pollSeconds": 1}], indirect=True)
def test_what_no_webhook_told_the_poll_finds(place: Place) -> None:
    place.receiver.kill()
    number, commit = place.open("change")
    place.until(number, "Ready", commit=commit)
    place.say(number, "/retest")
    until(lambda: place.status(number)["run"]["number"] == 2, lambda: place.status(number))
    place.until(number, "Ready", commit=commit)
    place.developer.set_open(OWNER, place.repo, number, wanted=False)
    place.until(number, "Ended")


def test_a_receiver_that_is_killed_in_a_burst_loses_and_doubles_nothing(
    place: Place, client: Client, record_property: Callable[[str, object], None]
) -> None:
    """500 deliveries for 50 pull requests that are none at the forge; what got no yes is delivered again."""

    def send(sent: int) -> bool:
        return deliver(place, "pull_request", {"action": "synchronize", "number": 1000 + sent % 50}, f"d-{sent}")

    with ThreadPoolExecutor(8) as senders:
        answers = senders.map(send, range(DELIVERIES))
        first = [next(answers) for _ in range(100)]
        place.receiver.kill()
        first += list(answers)
        lost = [sent for sent, stored in enumerate(first) if not stored]
        assert lost, "the receiver was killed too late"
        place.receiver.start()
        left = list(lost)

        def all_stored() -> bool:
            # On a busy machine an answer may come too late once more.
            left[:] = [sent for sent, stored in zip(left, senders.map(send, left), strict=True) if not stored]
            return not left

        until(all_stored, lambda: left)
    ours = [kube.as_dict(item) for item in client.list(objects.Resource, namespace=NAMESPACE)]
    numbers = sorted(item["spec"]["number"] for item in ours if item["spec"]["repo"] == place.repo)
    wanted = list(range(1000, 1050))
    record_property("deliveries_sent", DELIVERIES + len(lost))
    record_property("lost", len(set(wanted) - set(numbers)))
    record_property("doubled", len(numbers) - len(set(numbers)))
    assert numbers == wanted
    assert not [item for item in client.list(kube.Workflow, namespace=NAMESPACE) if place.repo in str(item)]
