"""From a push at a real forge to a Workflow: webhooks, the poll, commands, forks, and a receiver that is killed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from lightkube import Client

from implementation_dag.base import kube
from implementation_dag.contract import names
from implementation_dag.pull_requests import objects
from scripts.lab.forge.driver import Driver
from scripts.lab.forge.process import Forge
from tests.api.previews import NAMESPACE

from .conftest import OWNER, SECRET, Argo, Process, told, until

DELIVERIES = 500


@dataclass
class Place:
    """A repository whose forge tells our receiver; the poll is off unless a test turns it on."""

    forge: Forge
    repo: str
    developer: Driver
    stranger: Driver
    receiver: Process
    client: Client

    def preview(self, number: int) -> str:
        return names.pull_request(OWNER, self.repo, number)

    def status(self, number: int) -> dict:
        for item in self.client.list(objects.Resource, namespace=NAMESPACE):
            found = kube.as_dict(item)
            if found["metadata"]["name"] == self.preview(number):
                return found.get("status") or {}
        return {}

    def until(self, number: int, phase: str, seconds: float = 30, commit: str = "") -> dict:
        def right() -> dict | None:
            found = self.status(number)
            fits = found.get("phase") == phase and (not commit or found["run"].get("commit") == commit)
            return found if fits else None

        return until(right, seconds, lambda: self.status(number))

    def open(self, branch: str) -> tuple[int, str]:
        commit = self.developer.push(OWNER, self.repo, branch, {f"{branch}.txt": branch}, since="main")
        return self.developer.open(OWNER, self.repo, branch), commit

    def say(self, number: int, words: str, who: Driver | None = None) -> int:
        return (who or self.developer).comment(OWNER, self.repo, number, words)

    def answers(self, number: int) -> list[str]:
        """Why commands were not carried out."""
        found = kube.as_dict(self.client.get(objects.Resource, self.preview(number), namespace=NAMESPACE))
        return [command.get("why", "") for command in (found["spec"].get("commands") or {}).values()]


@pytest.fixture
def place(
    forge: Forge,
    client: Client,
    argo: Argo,
    processes: Callable[..., Process],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Place]:
    repo = request.function.__name__.removeprefix("test_")[:60].strip("_")
    forge.admin.repository(OWNER, repo, private=False)
    developer, stranger = forge.admin.user("developer"), forge.admin.user("stranger")
    reporter = forge.admin.user("reporter", scopes=("write:repository", "write:issue", "read:user"))
    forge.admin.allow(OWNER, repo, "developer", "write")
    forge.admin.allow(OWNER, repo, "reporter", "admin")
    for folder, content in (("hooks", SECRET), ("reporter", reporter.token)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ("secret" if folder == "hooks" else "token")).write_text(content)
    ours = [f"{OWNER}/{repo}"]
    env = {"WEBHOOK_SECRETS": str(tmp_path / "hooks"), "REPOSITORIES": json.dumps(ours)}
    receiver = processes("receiver", env)
    more = getattr(request, "param", {"pollSeconds": 3600})
    settings = told(forge, ours, **more)
    processes("pull-requests", {"FORGE": settings, "FORGE_REPORTER": str(tmp_path / "reporter")})
    forge.admin.hook(OWNER, repo, f"http://127.0.0.1:{receiver.port}/webhook", SECRET)
    yield Place(forge, repo, developer, stranger, receiver, client)


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


def test_a_receiver_that_is_killed_in_a_burst_loses_and_doubles_nothing(place: Place, client: Client) -> None:
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
    assert numbers == list(range(1000, 1050))
    assert not [item for item in client.list(kube.Workflow, namespace=NAMESPACE) if place.repo in str(item)]
