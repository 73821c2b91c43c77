"""The actions of a decision, done at the API server. What was decided on another version it refuses (409)."""

from __future__ import annotations

import logging
from typing import Any

from lightkube import ApiError, Client
from lightkube.types import PatchType

from implementation_dag.base import kube, moments
from implementation_dag.base.log import clean

from . import objects
from .model import Action, Cause, Follow, Preview, SetStatus, StartRun, Status

LOG = logging.getLogger("preview")
Object = dict[str, Any]


class Acting:
    """Acts in one namespace; runs are made from one WorkflowTemplate."""

    def __init__(self, client: Client, namespace: str, template: str) -> None:
        self._client, self._namespace, self._template = client, namespace, template

    def get(self, name: str) -> Object | None:
        """Return a Preview as it is now, None when there is none."""
        try:
            return kube.as_dict(self._client.get(objects.Resource, name, namespace=self._namespace))
        except ApiError as error:
            if error.status.code == 404:
                return None
            raise

    def do(self, item: Object, preview: Preview, action: Action) -> None:
        """Do one thing. Raises ApiError."""
        if isinstance(action, Follow):
            self.patch(item, action.spec)
        elif isinstance(action, SetStatus):
            self.write(item, action.status)
        elif isinstance(action, StartRun):
            run = objects.manifest(action.run, preview.spec, preview.name, self._namespace, self._template)
            self._start(run)
        else:
            self._stop(action.workflow, action.cause)

    def patch(self, item: Object, spec: Any) -> None:
        """Change the wish of the Preview that was read as `item`."""
        patch = {"metadata": _version(item), "spec": dict(spec)}
        self._client.patch(objects.Resource, _name(item), patch, namespace=self._namespace, patch_type=PatchType.MERGE)

    def wish(self, name: str, spec: Any) -> bool:
        """Change the wish of a Preview whatever its version is: what is laid over it twice is the same.

        Say whether there was room for it.
        """
        patch = {"spec": spec}
        try:
            self._client.patch(objects.Resource, name, patch, namespace=self._namespace, patch_type=PatchType.MERGE)
        except ApiError as error:
            if error.status.code != 422:
                raise
            return False
        return True

    def write(self, item: Object, status: Status) -> None:
        """Write the status of the Preview that was read as `item`."""
        stored = objects.status(status, item.get("status") or {}, moments.now())
        patch = {"metadata": _version(item), "status": stored}
        self._client.patch(
            objects.Resource.Status, _name(item), patch, namespace=self._namespace, patch_type=PatchType.MERGE
        )
        if (status.phase, status.message) != tuple((item.get("status") or {}).get(key) for key in ("phase", "message")):
            LOG.info("Preview %s: %s %s", _name(item), status.phase, clean(status.message))

    def create(self, owner: str, repo: str, number: int) -> None:
        """Make the Preview of a pull request, unless it is there."""
        try:
            self._client.create(objects.Resource.from_dict(objects.new(owner, repo, number, self._namespace)))
        except ApiError as error:
            if error.status.code != 409:
                raise

    def _start(self, manifest: Object) -> None:
        try:
            self._client.create(kube.Workflow.from_dict(manifest))
            LOG.info("Workflow %s: started", _name(manifest))
        except ApiError as error:
            if error.status.code != 409:
                raise

    def _stop(self, workflow: str, cause: Cause) -> None:
        # Stop, not Terminate: its exit handler takes away what it made.
        self._client.patch(
            kube.Workflow,
            workflow,
            {"spec": {"shutdown": "Stop"}},
            namespace=self._namespace,
            patch_type=PatchType.MERGE,
        )
        LOG.info("Workflow %s: stopped, %s", workflow, cause)


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _version(item: Object) -> Object:
    return {"resourceVersion": item["metadata"]["resourceVersion"]}
