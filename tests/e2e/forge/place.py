"""The demo's repository at the stand's forge: what people do there, and what the release makes of it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from implementation_dag.base.wait import until
from implementation_dag.contract import labels, names
from implementation_dag.forge.errors import Conflict, Unavailable
from scripts.lab.errors import LabError
from scripts.lab.forge.driver import ADMIN, Driver
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import previews, release
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, Environment
from scripts.lab.stand.git_host import AtAddress
from scripts.lab.stand.objects import read_secret
from scripts.lab.stand.previews import PREVIEWS
from scripts.lab.stand.repository import OWNER, REPO
from scripts.lab.stand.session import Session

WORKFLOWS = "workflows.argoproj.io"
IN_RELEASE = f"--namespace={RELEASE_NAMESPACE}"
GONE_SECONDS = 180
# What the killed receiver did not take, the poll finds: a minute later, or two.
A_WHILE = 240
Object = dict[str, Any]


@dataclass(frozen=True)
class Pull:
    """An open pull request."""

    number: int
    branch: str
    head: str

    @property
    def name(self) -> str:
        """The name of its Preview."""
        return names.pull_request(OWNER, REPO, self.number)


@dataclass
class Place:
    """`developer` may write to the repository, `stranger` has a fork; `webhook` signs deliveries for `ingress`."""

    where: Environment
    admin: Driver
    developer: Driver
    stranger: Driver
    webhook: str
    ingress: httpx2.Client
    opened: list[Pull] = field(default_factory=list)
    # Of two that label at once both would make the label.
    _labelling: threading.Lock = field(default_factory=threading.Lock)
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _read: tuple[float, list[Object]] = (0.0, [])

    @property
    def kubectl(self) -> Kubectl:
        """The cluster."""
        return self.where.kubectl

    # What people do.

    def open(self, name: str, label: bool = True) -> Pull:
        """Open a pull request of a new branch, with the label that lets it run."""
        branch = f"{name}-{secrets.token_hex(3)}"
        head = self.developer.push(OWNER, REPO, branch, {f"{branch}.txt": name}, since="main")
        return self._opened(Pull(self.developer.open(OWNER, REPO, branch), branch, head), label)

    def open_of_fork(self, name: str) -> Pull:
        """Open a labelled pull request of the stranger's fork."""
        branch, login = f"{name}-{secrets.token_hex(3)}", self.stranger.login
        head = self.stranger.push(login, REPO, branch, {f"{branch}.txt": name}, since="main")
        return self._opened(Pull(self.stranger.open(OWNER, REPO, f"{login}:{branch}"), branch, head), True)

    def _opened(self, pull: Pull, label: bool) -> Pull:
        self.opened.append(pull)
        if label:
            self.label(pull)
        return pull

    def label(self, pull: Pull) -> None:
        """Put the label on it that lets it run."""
        with self._labelling:
            self.developer.label(OWNER, REPO, pull.number, release.LABEL)

    def push(self, pull: Pull, file: str) -> str:
        """Push another commit; return it."""
        return self.developer.push(OWNER, REPO, pull.branch, {f"{pull.branch}-{file}": file})

    def say(self, pull: Pull, words: str) -> int:
        """Comment as the developer; return the comment's number."""
        return self.developer.comment(OWNER, REPO, pull.number, words)

    def close(self, pull: Pull) -> float:
        """Close it; return after how many seconds the namespace of its preview was gone."""
        assert previews.namespace(self.where, pull.number), f"{pull.name} has no preview that could go"
        begun = time.monotonic()
        self.set_open(pull, wanted=False)
        namespace = f"namespace/impl-pr-{pull.number}"
        # It may be gone before the wait begins.
        with contextlib.suppress(LabError):
            self.kubectl.run("wait", namespace, "--for=delete", f"--timeout={GONE_SECONDS}s")
        seconds = time.monotonic() - begun
        assert previews.namespace(self.where, pull.number) is None, f"{namespace} is there after {seconds:.0f} s"
        return seconds

    def set_open(self, pull: Pull, *, wanted: bool) -> None:
        """Close it, or reopen it."""
        self.developer.set_open(OWNER, REPO, pull.number, wanted)

    def deliver(self, mark: str, number: int) -> bool:
        """Deliver news of a pull request by the ingress, as the forge does; return whether it was stored."""
        repository = {"name": REPO, "owner": {"login": OWNER}}
        body = json.dumps({"action": "edited", "number": number, "repository": repository}).encode()
        host = release.receiver(self.where)
        headers = {
            "host": host,
            "content-type": "application/json",
            "x-gitea-event": "pull_request",
            "x-gitea-delivery": mark,
            "x-hub-signature-256": f"sha256={hmac.new(self.webhook.encode(), body, hashlib.sha256).hexdigest()}",
        }
        url = f"https://{self.where.ingress_address or host}/webhook"
        try:
            answer = self.ingress.post(url, content=body, headers=headers, extensions={"sni_hostname": host})
        except httpx2.HTTPError:
            return False
        return answer.status_code == 202

    # What they see.

    def read(self, path: str) -> Any:
        """What the forge says of the repository to its administrator."""
        return self.admin.call("GET", f"/repos/{OWNER}/{REPO}{path}")

    def told(self, commit: str) -> tuple[str, str]:
        """State and sentence of the status that a commit's run has; empty before there is one."""
        found = self.read(f"/commits/{commit}/status").get("statuses") or []
        ours = [(one["status"], one["description"]) for one in found if one["context"] == release.RELEASE]
        return ours[0] if ours else ("", "")

    def reactions(self, comment: int) -> list[str]:
        """The reactions to a comment."""
        try:
            return [one["content"] for one in self.read(f"/issues/comments/{comment}/reactions")]
        except Unavailable:
            # Where there are none Gitea says null, which is no list.
            return []

    # What the cluster has.

    def previews(self) -> dict[str, Object]:
        """All Previews by name, read once a second for all who ask."""
        with self._reading:
            at, items = self._read
            if time.monotonic() - at > 1:
                items = self.kubectl.items(PREVIEWS, IN_RELEASE)
                self._read = time.monotonic(), items
        return {item["metadata"]["name"]: item for item in items}

    def status(self, pull: Pull) -> Object:
        """What its Preview shows."""
        found: Object = self.previews().get(pull.name, {}).get("status") or {}
        return found

    def until(self, pull: Pull, holds: Callable[[Object], object], seconds: float = A_WHILE) -> Object:
        """Wait until it holds of the Preview's status; return that."""
        last: list[Object] = []

        def look() -> Object | None:
            last[:] = [self.status(pull)]
            return last[0] if last[0] and holds(last[0]) else None

        found = until(look, seconds)
        assert found, f"{pull.name}: not within {seconds:.0f} s: {json.dumps(last)}"
        return found

    def started(self, pull: Pull, commit: str, after: int = 0) -> Object:
        """Wait until a run of the commit lives, with a number above `after`; return the status."""
        return self.until(
            pull,
            lambda found: (
                found["phase"] == "Running"
                and found["run"].get("commit") == commit
                and found["run"]["kind"] == "test"
                and found["run"]["number"] > after
            ),
            180,
        )

    def has_preview(self, pull: Pull) -> None:
        """Wait until the run has made the namespace of its preview: by then its agents have ended."""
        assert until(lambda: previews.namespace(self.where, pull.number), 240, 2), f"{pull.name}: no preview was made"

    def workflows(self, pull: Pull) -> list[Object]:
        """Its Workflows."""
        return self.kubectl.items(WORKFLOWS, IN_RELEASE, f"--selector={labels.PULL_REQUEST}={pull.name}")

    def most_live(self, pull: Pull) -> int:
        """How many of its runs ever lived at once, whatever they were for."""
        spans: list[tuple[str, str]] = [
            (item["metadata"]["creationTimestamp"], (item.get("status") or {}).get("finishedAt") or "9999")
            for item in self.workflows(pull)
        ]
        return max(sum(begun <= moment < ended for begun, ended in spans) for moment, _ in spans)


@contextmanager
def place(session: Session) -> Iterator[Place]:
    """Give the place with its people; afterwards no pull request that was opened there is open any more."""
    where, host = session.environment, session.host
    kept = read_secret(where.kubectl, DEMO_NAMESPACE, "forge")
    way = AtAddress(host.name, host.address, host.port, host.bundle.read_text())
    admin = Driver(f"https://{host.name}:{host.port}", ADMIN, host.token, kept["password"], transport=way)
    developer, stranger = admin.user("developer"), admin.user("stranger")
    admin.allow(OWNER, REPO, developer.login, "write")
    admin.allow(OWNER, REPO, stranger.login, "read")
    # It may be there, of an earlier session.
    with contextlib.suppress(Conflict):
        stranger.fork(OWNER, REPO)
    trusted = previews.trusted(where)
    with httpx2.Client(verify=trusted, timeout=20, trust_env=False) as ingress:
        found = Place(where, admin, developer, stranger, kept["webhook"], ingress)
        try:
            yield found
        finally:
            for pull in found.opened:
                found.set_open(pull, wanted=False)
            for pull in found.opened:
                found.until(pull, lambda status: status["phase"] == "Ended", GONE_SECONDS)
            admin.close()
