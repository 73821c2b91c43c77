"""Calls of the API server; each that writes asks first whether its node still waits.

The question is asked where requests leave the process, so no step can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx2
from lightkube import ApiError, Client
from lightkube.types import PatchType

from implementation_dag.base import kube, wait
from implementation_dag.base.errors import StepError

from . import nodes
from .model import Unreadable, Unwanted, Waiting
from .nodes import Object

READS = ("GET", "HEAD")
CONFLICT, GONE = 409, 404
# So often Argo may write a run between our reading of it and our answer.
ANSWER_TRIES = 20
_ASK: ContextVar[Callable[[], object] | None] = ContextVar("ask", default=None)


class Api:
    """The API server for work on nodes; `client` asks for whoever calls it within `asking`."""

    def __init__(self, client: Client, release: str, namespace: str) -> None:
        self.client, self._release, self._namespace = client, release, namespace
        kube.learn(kube.Workflow)
        http: httpx2.Client = client._client._client
        hooks = http.event_hooks
        http.event_hooks = hooks | {"request": [*hooks["request"], _ask]}

    def still(self, found: Waiting) -> Object:
        """Return the run as it is now. Raises Unwanted when the node waits no more, StepError when nobody answers."""

        def read() -> Object | None:
            try:
                return kube.as_dict(self.client.get(kube.Workflow, found.workflow, namespace=self._namespace))
            except ApiError as error:
                if error.status.code == GONE:
                    return None
                raise

        workflow = kube.persistently(f"read Workflow {found.workflow}", read)
        if workflow is None or workflow["metadata"]["uid"] != found.uid:
            raise Unwanted(f"run {found.workflow} is gone")
        try:
            there = [each.node for each in nodes.waiting(workflow, self._release)]
        except Unreadable as error:
            raise Unwanted(str(error)) from None
        if found.node not in there:
            raise Unwanted(f"{found.about} waits no more")
        return workflow

    @contextmanager
    def asking(self, found: Waiting) -> Iterator[None]:
        """Let each write of this thread ask first whether the node still waits. It raises Unwanted when not."""
        token = _ASK.set(lambda: self.still(found))
        try:
            yield
        finally:
            _ASK.reset(token)

    def answer(self, found: Waiting, patch: Callable[[Object], Object]) -> None:
        """Answer the node by the patch of the run as it is now. Raises Unwanted, StepError."""
        for _ in range(ANSWER_TRIES):
            workflow = self.still(found)
            if self._written(found.workflow, patch(workflow)):
                return
            wait.CLOCK.sleep(0.1)
        raise StepError(f"cannot answer {found.about}: its Workflow changed {ANSWER_TRIES} times meanwhile")

    def _written(self, name: str, patch: Object) -> bool:
        """Whether it was written: onto the version that was read alone, as `argo node set` does."""

        def write() -> bool:
            try:
                self.client.patch(kube.Workflow, name, patch, namespace=self._namespace, patch_type=PatchType.MERGE)
            except ApiError as error:
                if error.status.code == CONFLICT:
                    return False
                raise
            return True

        return kube.persistently(f"answer Workflow {name}", write)


def _ask(request: httpx2.Request) -> None:
    if request.method not in READS and (ask := _ASK.get()):
        ask()
