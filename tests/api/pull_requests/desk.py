"""Previews of one repository on a real API server, a forge that says what a test wants, and whoever looks at both."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lightkube import Client
from lightkube.types import PatchType

from implementation_dag.base import kube
from implementation_dag.contract import labels, names
from implementation_dag.forge.model import Comment, Permission
from implementation_dag.pull_requests import objects, receiver
from implementation_dag.pull_requests.acting import Acting
from implementation_dag.pull_requests.connect import Forge
from implementation_dag.pull_requests.deliveries import Hint
from implementation_dag.pull_requests.look import Looker
from implementation_dag.pull_requests.model import Settings
from implementation_dag.pull_requests.patience import Patience
from implementation_dag.pull_requests.repositories import Repositories
from implementation_dag.pull_requests.settings import Told
from tests.api.previews import NAMESPACE, RELEASE
from tests.unit.pull_requests.peer import Peer
from tests.unit.pull_requests.world import opened

from .argo import nodes, now
from .place import OWNER

Object = dict[str, Any]
NUMBER = 7


@dataclass
class Desk:
    """`ours` has the controller's rights, `admin` all."""

    repo: str
    ours: Client
    admin: Client
    peer: Peer = field(init=False)
    acting: Acting = field(init=False)

    def __post_init__(self) -> None:
        self.peer = Peer(replace(opened(), repo=self.repo))
        self.acting = Acting(self.ours, NAMESPACE, RELEASE)

    def looker(self, **told: Any) -> Looker:
        """Return who has seen nothing yet."""
        given = {
            "repositories": Repositories((f"{OWNER}/{self.repo}".lower(),)),
            "decision": Settings(kind="gitea"),
            **told,
        }
        patience = Patience(Told.calls_per_hour)
        forge = Forge(self.peer, self.peer, self.peer, patience=patience)
        return Looker(self.ours, Told(NAMESPACE, RELEASE, **given), forge)

    # Previews.

    def name(self, number: int = NUMBER) -> str:
        """Return the name of a Preview."""
        return names.pull_request(OWNER, self.repo, number)

    def item(self, number: int = NUMBER) -> Object:
        """Return a Preview as it is now."""
        return kube.as_dict(self.admin.get(objects.Resource, self.name(number), namespace=NAMESPACE))

    def wish(self, number: int = NUMBER, **spec: Any) -> Object:
        """Change what is wished of it; return it."""
        return self._patch(objects.Resource, self.name(number), {"spec": spec})

    def news(self, number: int = NUMBER) -> None:
        """Let a webhook say that there is something to look at."""
        hint = Hint(OWNER, self.repo, number)
        receiver.store(self.admin, NAMESPACE, hint, f"delivery-{len(self.peer.told)}-{self.peer.asked}")

    def status(self, number: int = NUMBER) -> Object:
        """Return what it shows."""
        found: Object = self.item(number).get("status") or {}
        return found

    # Comments.

    def say(self, comment: int, body: str, author: str = "ada") -> None:
        """Let somebody who may write comment, and a delivery name the comment."""
        self.peer.said[comment] = Comment(comment, NUMBER, author, body)
        self.peer.permissions["ada"] = Permission.WRITE
        self.wish(commands={str(comment): {}})

    def commands(self) -> dict[str, Object]:
        """Return what became of the comments."""
        return self.item()["spec"].get("commands") or {}

    # Workflows.

    def workflows(self, number: int = NUMBER) -> list[Object]:
        """Return the Workflows of a Preview."""
        found = self.admin.list(kube.Workflow, namespace=NAMESPACE, labels={labels.PULL_REQUEST: self.name(number)})
        return [kube.as_dict(each) for each in found]

    def becomes(self, phase: str, run: int = 1, number: int = NUMBER) -> Object:
        """Let Argo say how a run stands; return its Workflow."""
        name = names.run(self.name(number), run)
        ended = {} if phase == "Running" else {"finishedAt": now()}
        status = {"phase": phase, "startedAt": now(), "nodes": nodes(name, phase)} | ended
        return self._patch(kube.Workflow, name, {"status": status})

    def _patch(self, resource: Any, name: str, patch: Object) -> Object:
        found = self.admin.patch(resource, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE)
        return kube.as_dict(found)
