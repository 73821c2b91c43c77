"""From a push at a real forge to a Workflow: webhooks, the poll, commands, forks, and a receiver that is killed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
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
    until(lambda: place.status(number)["run"]["number"] > first, 20, lambda: place.status(number))
    place.say(number, "/preview extend 48h")
    before = place.until(number, "Ready")["expires"]
    until(lambda: place.status(number)["expires"] != before, 20, lambda: place.status(number))
    place.say(number, "/preview stop")
    place.until(number, "Ended")
    place.say(number, "/retest", place.stranger)
    until(
        lambda: any("no write permission" in words for words in place.answers(number)),
        20,
        lambda: place.answers(number),
    )
    assert place.status(number)["phase"] == "Ended"


def test_a_fork_runs_when_somebody_let_this_very_commit_run(place: Place) -> None:
    place.stranger.fork(OWNER, place.repo)
    commit = place.stranger.push("stranger", place.repo, "theirs", {"x.txt": "x"}, since="main")
    number = place.stranger.open(OWNER, place.repo, "stranger:theirs")
    found = place.until(number, "Refused")
    assert f"/ok-to-test {commit}" in found["message"]
    place.say(number, f"/ok-to-test {commit}", place.stranger)
    place.say(number, f"/ok-to-test {'0' * 40}")
    until(lambda: any("look at it" in words for words in place.answers(number)), 20, lambda: place.answers(number))
    assert place.status(number)["phase"] == "Refused"
    place.say(number, f"/ok-to-test {commit}")
    place.until(number, "Ready", commit=commit)
    again = place.stranger.push("stranger", place.repo, "theirs", {"y.txt": "y"})
    found = until(lambda: again in place.status(number).get("message", "") and place.status(number), 20)
    assert (found["phase"], found["run"]["commit"]) == ("Refused", commit)


@pytest.mark.parametrize("place", [{"pollSeconds": 1}], indirect=True)
def test_what_no_webhook_told_the_poll_finds(place: Place) -> None:
    place.receiver.kill()
    number, commit = place.open("change")
    place.until(number, "Ready", commit=commit)
    place.developer.set_open(OWNER, place.repo, number, wanted=False)
    place.until(number, "Ended")


def test_a_receiver_that_is_killed_in_a_burst_loses_and_doubles_nothing(
    place: Place, client: Client, record_property: Callable[[str, object], None]
) -> None:
    """500 deliveries for 50 pull requests that are none at the forge; what got no yes is delivered again."""

    def deliver(sent: int) -> bool:
        repository = {"name": place.repo, "owner": {"login": OWNER}}
        body = json.dumps({"action": "synchronize", "number": 1000 + sent % 50, "repository": repository}).encode()
        mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "x-github-event": "pull_request",
            "x-github-delivery": f"d-{sent}",
            "content-type": "application/json",
            "x-hub-signature-256": f"sha256={mark}",
        }
        try:
            url = f"http://127.0.0.1:{place.receiver.port}/webhook"
            return httpx.post(url, content=body, headers=headers, timeout=20).status_code == 202
        except httpx.HTTPError:
            return False

    with ThreadPoolExecutor(8) as senders:
        answers = senders.map(deliver, range(DELIVERIES))
        first = [next(answers) for _ in range(100)]
        place.receiver.kill()
        first += list(answers)
        lost = [sent for sent, stored in enumerate(first) if not stored]
        assert lost, "the receiver was killed too late"
        place.receiver.start()
        assert all(senders.map(deliver, lost))
    ours = [kube.as_dict(item) for item in client.list(objects.Resource, namespace=NAMESPACE)]
    numbers = sorted(item["spec"]["number"] for item in ours if item["spec"]["repo"] == place.repo)
    wanted = list(range(1000, 1050))
    record_property("deliveries_sent", DELIVERIES + len(lost))
    record_property("lost", len(set(wanted) - set(numbers)))
    record_property("doubled", len(numbers) - len(set(numbers)))
    assert numbers == wanted
    assert not [item for item in client.list(kube.Workflow, namespace=NAMESPACE) if place.repo in str(item)]
