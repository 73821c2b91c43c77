"""One replica of our controllers, as a process that sees events late, and forgets all when it begins anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lightkube import ApiError, Client

from implementation_dag.base import kube
from implementation_dag.base.life import Life
from implementation_dag.docsrun import handlers
from implementation_dag.docsrun.settings import Settings
from implementation_dag.pull_requests.acting import Acting
from implementation_dag.pull_requests.connect import Forge
from implementation_dag.pull_requests.look import Looker
from implementation_dag.pull_requests.patience import Patience
from implementation_dag.pull_requests.settings import Told
from implementation_dag.reaper import settings as reaper
from implementation_dag.reaper.controller import Reaper
from tests.api.previews import NAMESPACE, RELEASE
from tests.unit.pull_requests.peer import Peer

if TYPE_CHECKING:
    from .cluster import Cluster
    from .history import History

Object = dict[str, Any]
Event = tuple[str, str, Object | None]


class Replica:
    """All our controllers, each with its own identity: that of pull requests, that of DocsRuns, the reaper."""

    def __init__(
        self, clients: Mapping[str, Client], told: Told, settings: Settings, reaps: reaper.Told, peer: Peer
    ) -> None:
        self._clients = clients
        self.told, self._settings, self._reaps, self._peer = told, settings, reaps, peer
        self.restart()

    def restart(self) -> None:
        """Begin anew, knowing nothing."""
        controller, patience = self._clients["controller"], Patience(self.told.calls_per_hour)
        forge = Forge(self._peer, self._peer, self._peer, patience=patience)
        self._looker = Looker(self._clients["pull-requests"], self.told, forge)
        self._docsruns = Life(controller, NAMESPACE, handlers.kind(controller, self._settings))
        self._reaper = Reaper(self._clients["reaper"], self._reaps)
        self._known: dict[tuple[str, str], str] = {}
        self._events: list[Event] = []

    def acting(self, client: Client) -> Acting:
        """Return what writes wishes for people."""
        return Acting(client, NAMESPACE, RELEASE)

    def observe(self, history: History, workflows: list[Object]) -> None:
        """Have what has changed since sent as events; they come later, and what came and went was never seen."""
        preview = history.preview()
        now: dict[tuple[str, str], Object] = {("Workflow", item["metadata"]["name"]): item for item in workflows}
        if preview:
            now[("Preview", history.name)] = preview
        for key in sorted(self._known.keys() - now.keys()):
            del self._known[key]
            self._events.append((*key, None))
        for key, item in now.items():
            version = item["metadata"]["resourceVersion"]
            if self._known.get(key) != version:
                self._known[key] = version
                self._events.append((*key, item))

    def looks(self, cluster: Cluster, everything: bool = False) -> None:
        """Take the next event, or look at all that is due."""
        if self._events and not everything:
            self._event(*self._events.pop(0))
            return
        while self._events:
            self._event(*self._events.pop(0))
        for repository, _ in self._looker.repositories():
            if self._looker.poll_due(repository, {}):
                self._looker.poll(repository)
        for name, item in self._looker.known():
            if self._looker.due(name, item):
                self._looker.look(name)
        self.docsruns(cluster)

    def docsruns(self, cluster: Cluster) -> None:
        """Look at all DocsRuns that wait for something."""
        if not cluster.docsruns:
            return
        for item in map(kube.as_dict, self._clients["controller"].list(kube.DocsRun, namespace=NAMESPACE)):
            self._docsruns.changed(item["metadata"]["name"], item)
        for name, item in self._docsruns.known():
            if self._docsruns.due(name, item):
                self._docsruns.look(name)

    def reaps(self) -> None:
        """Make one pass of the reaper."""
        self._reaper.look()

    def _event(self, kind: str, name: str, item: Object | None) -> None:
        if kind == "Preview":
            if self._looker.preview_changed(name, item):
                self._look(name)
        elif of := self._looker.workflow_changed(name, item):
            self._look(of)

    def _look(self, name: str) -> None:
        try:
            self._looker.look(name)
        except ApiError as error:
            # Another replica was first, or it is gone; the sweep looks again.
            if error.status.code not in (404, 409):
                raise
