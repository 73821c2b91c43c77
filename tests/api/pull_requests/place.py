"""A repository at the forge whose pull requests start runs, and what people see there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from lightkube import Client

from implementation_dag.base import kube
from implementation_dag.contract import names
from implementation_dag.forge.errors import Unavailable
from implementation_dag.pull_requests import objects
from scripts.lab.forge.driver import Driver
from scripts.lab.forge.process import Forge
from tests.api.previews import NAMESPACE

from .process import Process, until
from .wire import Wire

OWNER = "acme"


@dataclass
class Place:
    """The forge tells our receiver through `hooks`; our controller asks it through `wire`."""

    forge: Forge
    repo: str
    developer: Driver
    stranger: Driver
    reader: Driver
    reporter: Driver
    qa: Driver
    receiver: Process
    controller: Process
    hooks: Wire
    wire: Wire
    client: Client

    # What the cluster has.

    def preview(self, number: int) -> str:
        """Return the name of the Preview."""
        return names.pull_request(OWNER, self.repo, number)

    def status(self, number: int) -> dict[str, Any]:
        """Return what the Preview shows."""
        for item in self.client.list(objects.Resource, namespace=NAMESPACE):
            found = kube.as_dict(item)
            if found["metadata"]["name"] == self.preview(number):
                return found.get("status") or {}
        return {}

    def until(self, number: int, phase: str, commit: str = "") -> dict[str, Any]:
        """Wait for a phase, of a run of that commit, and return the status."""

        def right() -> dict[str, Any] | None:
            found = self.status(number)
            fits = found.get("phase") == phase and (not commit or found["run"].get("commit") == commit)
            return found if fits else None

        found: dict[str, Any] = until(right, lambda: self.status(number))
        return found

    def spec(self, number: int) -> dict[str, Any]:
        """Return what the Preview wishes."""
        found = kube.as_dict(self.client.get(objects.Resource, self.preview(number), namespace=NAMESPACE))
        return dict(found["spec"])

    def answers(self, number: int) -> list[str]:
        """Return why commands were not carried out."""
        return [command.get("why", "") for command in (self.spec(number).get("commands") or {}).values()]

    # What people do.

    def open(self, branch: str, who: Driver | None = None) -> tuple[int, str]:
        """Open a pull request of a new branch; return its number and its head."""
        commit = self.developer.push(OWNER, self.repo, branch, {f"{branch}.txt": branch}, since="main")
        return (who or self.developer).open(OWNER, self.repo, branch), commit

    def push(self, branch: str, file: str) -> str:
        """Push another commit to the branch."""
        return self.developer.push(OWNER, self.repo, branch, {file: file})

    def say(self, number: int, words: str, who: Driver | None = None) -> int:
        """Comment; return the comment's number."""
        return (who or self.developer).comment(OWNER, self.repo, number, words)

    # What people see.

    def read(self, path: str) -> Any:
        """Return what the forge says to its administrator."""
        return self.forge.admin.call("GET", f"/repos/{OWNER}/{self.repo}{path}")

    def comments(self, number: int) -> list[tuple[str, str]]:
        """Return authors and texts of the comments."""
        return [(one["user"]["login"], one["body"]) for one in self.read(f"/issues/{number}/comments")]

    def ours(self, number: int) -> list[str]:
        """Return the reporter's comments."""
        return [text for author, text in self.comments(number) if author == self.reporter.login]

    def agents(self, number: int) -> dict[str, Any]:
        """Return what the one comment says to agents."""
        (text,) = (text for text in self.ours(number) if "For agents" in text)
        found: dict[str, Any] = json.loads(text.partition("```json\n")[2].partition("\n```")[0])
        return found

    def reviews(self, number: int) -> list[tuple[str, str, str]]:
        """Return author, kind and commit of each review that stands."""
        found = self.read(f"/pulls/{number}/reviews")
        return [(one["user"]["login"], one["state"], one["commit_id"]) for one in found]

    def statuses(self, commit: str) -> dict[str, tuple[str, str]]:
        """Return state and sentence of each status of a commit."""
        found = self.read(f"/commits/{commit}/status").get("statuses") or []
        return {one["context"]: (one["status"], one["description"]) for one in found}

    def reactions(self, comment: int) -> list[str]:
        """Return the reactions to a comment."""
        try:
            return [one["content"] for one in self.read(f"/issues/comments/{comment}/reactions")]
        except Unavailable:
            # Where there are none Gitea says null, which is no list.
            return []
