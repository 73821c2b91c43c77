"""What the product expects of the forge itself, and tests of it rest on."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from implementation_dag.forge.errors import Conflict, ForgeError
from scripts.lab.forge.driver import Driver

from .conftest import OWNER, Place
from .test_pull_requests import eventually, opened

SECRET = "s3cret"


@dataclass
class Receiver:
    """What a webhook brought: names of events, and documents; only what is signed is kept."""

    port: int = 0
    heard: list[tuple[str, Any]] = field(default_factory=list)
    unsigned: int = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes webhooks."""
    found = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            if self.headers["X-Hub-Signature-256"] == f"sha256={signature}" and self.headers["X-GitHub-Delivery"]:
                found.heard.append((self.headers["X-GitHub-Event"], json.loads(body)))
            else:
                found.unsigned += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.port = server.server_port
    yield found
    server.shutdown()
    server.server_close()


def test_the_forge_tells_of_a_pull_request_signed_and_with_github_s_names(place: Place, receiver: Receiver) -> None:
    place.forge.admin.hook(OWNER, place.repo, f"http://127.0.0.1:{receiver.port}/", SECRET)
    number, branch, _ = opened(place)
    head = place.developer.push(OWNER, place.repo, branch, {"more.txt": "1"})

    def told() -> set[tuple[str, str]]:
        return {(event, document.get("action", "")) for event, document in receiver.heard}

    # Gitea looks a moment later which pull requests a push moved, and then among the open ones only.
    assert eventually(lambda: ("pull_request", "synchronized") in told()), told()
    place.developer.comment(OWNER, place.repo, number, "/retest")
    place.developer.set_open(OWNER, place.repo, number, False)
    wanted = {
        ("pull_request", "opened"),
        ("pull_request", "synchronized"),
        ("pull_request", "closed"),
        ("issue_comment", "created"),
    }
    assert eventually(lambda: wanted <= told()), told()
    assert not receiver.unsigned
    last = [document for event, document in receiver.heard if event == "pull_request"][-1]
    assert last["pull_request"]["head"]["sha"] == head


def test_an_approval_names_its_commit_and_nobody_approves_himself(place: Place) -> None:
    number, _, head = opened(place)
    qa = place.forge.admin.user("qa")
    place.forge.admin.allow(OWNER, place.repo, "qa", "read")
    review = qa.review(OWNER, place.repo, number, "APPROVED", head)
    found = qa.call(
        "GET", "/repos/{owner}/{repo}/pulls/{n}/reviews/{id}", owner=OWNER, repo=place.repo, n=number, id=review
    )
    assert (found["state"], found["commit_id"], found["user"]["login"]) == ("APPROVED", head, "qa")
    with pytest.raises(Conflict, match="approve your own pull is not allowed"):
        place.developer.review(OWNER, place.repo, number, "APPROVED", head)
    with pytest.raises(ForgeError):
        merge(qa, place, number)


def merge(driver: Driver, place: Place, number: int) -> None:
    """Merge, which nobody of ours may."""
    path = "/repos/{owner}/{repo}/pulls/{number}/merge"
    driver.call("POST", path, {"Do": "merge"}, owner=OWNER, repo=place.repo, number=number)
