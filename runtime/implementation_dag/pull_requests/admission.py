"""One run after the other is let in, however many replicas there are: the limits hold exactly, not nearly.

Which run was let in last stands in a ConfigMap that the chart makes, and is changed by a write that names the version
which was read. Only then is the run claimed, in its Preview's status, by such a write too. So whoever comes next finds
the claim, or sees that it may still come: then it changes that Preview, and the claim is refused. No clock and no
waiting are needed for that; the pause only keeps two replicas from disturbing each other.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from lightkube import ApiError, Client
from lightkube.resources.core_v1 import ConfigMap
from lightkube.types import PatchType

from implementation_dag.base import kube, moments
from implementation_dag.contract import labels

from . import objects, queue
from .acting import Acting
from .model import Preview, Turn

LOG = logging.getLogger("preview")
Object = dict[str, Any]
# So long whoever was let in has time to claim before it is disturbed.
PAUSE = timedelta(seconds=5)
# Keys of the ConfigMap.
LAST, SINCE, NUMBER = "last", "since", "number"


class Row:
    """Those that wait, and what they wait for, at one moment."""

    def __init__(
        self, previews: Iterable[Preview], workflows: Iterable[Object], template: str, limits: queue.Limits
    ) -> None:
        self._limits = limits
        self._entries = {each.name: each for each in _counted(previews, workflows, template)}
        self._turns = queue.turns(self._entries.values(), limits)

    def turn(self, preview: Preview) -> Turn:
        """Return whose turn it is: that of a Preview which does not wait yet, as if it did from now on."""
        if preview.name in self._turns:
            return self._turns[preview.name]
        mine = queue.entry(preview, live=False, since=moments.now())
        return queue.turns((self._entries | {preview.name: mine}).values(), self._limits)[preview.name]


def _counted(previews: Iterable[Preview], workflows: Iterable[Object], template: str) -> Iterator[queue.Entry]:
    """Count each pull request once, also one that has no Preview but whose run a person submitted."""
    living = [each for each in workflows if objects.live(each) and objects.runs_pipeline(each, template)]
    repositories = {objects.pull_request(each): objects.repository(each) for each in living}
    for preview in previews:
        yield queue.entry(preview, live=repositories.pop(preview.name, None) is not None)
    for name, repository in repositories.items():
        yield queue.Entry(name, repository, runs=True, holds=True)


def _readable(items: Iterable[Object]) -> Iterator[Preview]:
    for item in items:
        with contextlib.suppress(LookupError, TypeError, ValueError):
            yield objects.preview(item)


class Admission:
    """Lets runs in, within the limits. `door` is held from here until the claim is written."""

    def __init__(self, client: Client, namespace: str, template: str, limits: queue.Limits) -> None:
        self._client, self._namespace, self._template, self._limits = client, namespace, template, limits
        self._name = f"{template}-queue"
        self.door = threading.Lock()

    def ask(self, preview: Preview, run: str) -> Turn | None:
        """Return whose turn it is by what the API server says now, and let `run` in if it is its; None: not known yet.

        Raises ApiError, with 409 when another replica let one in meanwhile.
        """
        last = self._last()
        if last is None or not self._settled(last, run):
            return None
        turn = self._turn(preview)
        if not turn.place:
            self._let_in(last, run)
        return turn

    def _last(self) -> ConfigMap | None:
        try:
            return self._client.get(ConfigMap, self._name, namespace=self._namespace)
        except ApiError as error:
            if error.status.code != 404:
                raise
            LOG.error("ConfigMap %s is not there, which the chart makes: no run starts before it is", self._name)
            return None

    def _settled(self, last: ConfigMap, run: str) -> bool:
        """Make sure that the run which was let in last is claimed, or never will be by what was read before."""
        data = last.data or {}
        before = data.get(LAST, "")
        if before in ("", run):
            return True
        name, _, number = before.rpartition("-")
        item = Acting(self._client, self._namespace, self._template).get(name)
        if item is None or ((item.get("status") or {}).get("run") or {}).get("number", 0) >= int(number):
            return True
        if moments.now() - moments.read(data[SINCE]) < PAUSE:
            return False
        # What was decided on the version before is refused from now on.
        patch = {"metadata": {"annotations": {labels.PASSED_OVER: str(_version(last))}}}
        self._client.patch(objects.Resource, name, patch, namespace=self._namespace, patch_type=PatchType.MERGE)
        return True

    def _turn(self, preview: Preview) -> Turn:
        # Previews first: a claim that is in none of them has no Workflow afterwards, or was let in meanwhile.
        items = [kube.as_dict(each) for each in self._client.list(objects.Resource, namespace=self._namespace)]
        workflows = [kube.as_dict(each) for each in self._client.list(kube.Workflow, namespace=self._namespace)]
        return Row(_readable(items), workflows, self._template, self._limits).turn(preview)

    def _let_in(self, last: ConfigMap, run: str) -> None:
        # Counted, so that also the same run once more is a change: who read the one before is refused.
        number = int((last.data or {}).get(NUMBER, "0")) + 1
        data = {LAST: run, SINCE: moments.stamp(moments.now()), NUMBER: str(number)}
        patch = {"metadata": {"resourceVersion": _version(last)}, "data": data}
        self._client.patch(ConfigMap, self._name, patch, namespace=self._namespace, patch_type=PatchType.MERGE)


def _version(item: ConfigMap) -> str | None:
    return item.metadata.resourceVersion if item.metadata else None
