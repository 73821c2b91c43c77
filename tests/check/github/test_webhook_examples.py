"""GitHub's own examples of what it delivers, sent to the receiver."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from idag.toolchain import asset
from implementation_dag.pull_requests import receiver
from implementation_dag.pull_requests.deliveries import Hint
from implementation_dag.pull_requests.repositories import Repositories

SECRET = b"between us"
# By GitHub's documentation: those after which a pull request may run that did not, or the other way round.
NEWS = {
    "opened", "reopened", "closed", "edited", "synchronize", "labeled", "unlabeled", "converted_to_draft",
    "ready_for_review",
}  # fmt: skip
EXAMPLES = json.loads(asset("github-webhooks", "examples.json").read_text())
SENT = [(event["name"], example) for event in EXAMPLES for example in event["examples"]]


def deliver(event: str, payload: Any, owner: str = "Codertocat") -> tuple[int, list[Hint]]:
    """Return the receiver's answer, and what it stored."""
    stored: list[Hint] = []
    store: Callable[[Hint, str], None] = lambda hint, _: stored.append(hint)  # noqa: E731
    app = receiver.application(lambda: [SECRET], Repositories(((f"{owner}/*").lower(),)), store)
    body = json.dumps(payload).encode()
    headers = {
        "x-github-event": event,
        "x-github-delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
        "content-type": "application/json",
        "x-hub-signature-256": f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}",
    }
    return TestClient(app).post("/webhook", content=body, headers=headers).status_code, stored


def test_every_example_is_taken_as_what_it_is(record_property: Callable[[str, object], None]) -> None:
    for event, payload in SENT:
        wanted = []
        if event == "pull_request" and payload["action"] in NEWS:
            owner, repo = payload["pull_request"]["base"]["repo"]["full_name"].split("/")
            wanted = [Hint(owner, repo, payload["pull_request"]["number"])]
        if event in ("check_run", "check_suite") and payload["action"] == "rerequested":
            again = f"check-{hashlib.sha256(json.dumps(payload).encode()).hexdigest()[:32]}"
            owner, repo = payload["repository"]["full_name"].split("/")
            of = payload[event]["pull_requests"]
            wanted = [Hint(owner, repo, one["number"], retest=again) for one in of]
        assert deliver(event, payload) == (202 if wanted else 200, wanted), (event, payload.get("action"))
    assert len(SENT) >= 329
    record_property("webhook_examples_replayed", len(SENT))


def test_of_other_owners_nothing_is_stored() -> None:
    for event, payload in SENT:
        assert deliver(event, payload, owner="acme") == (200, [])


@pytest.mark.parametrize("number", range(9))
def test_a_comment_counts_where_it_is_a_command_on_a_pull_request(number: int) -> None:
    """In the examples people only talk, and about issues."""
    _, payload = [(event, example) for event, example in SENT if event == "issue_comment"][number]
    command = payload | {
        "comment": payload["comment"] | {"body": "/retest"},
        "issue": payload["issue"] | {"pull_request": {"url": "x"}},
    }
    repository = payload["repository"]
    status, stored = deliver("issue_comment", command)
    if payload["action"] == "created":
        asked = Hint(
            repository["owner"]["login"],
            repository["name"],
            payload["issue"]["number"],
            payload["comment"]["id"],
            author=payload["comment"]["user"]["login"],
        )
        assert (status, stored) == (202, [asked])
    else:
        assert (status, stored) == (200, [])
