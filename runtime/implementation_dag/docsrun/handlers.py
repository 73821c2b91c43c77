"""The life of a DocsRun as kopf sees it: each event of it or of its pod is a reason to look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import kopf
from lightkube import ApiError
from lightkube.types import PatchType

from implementation_dag.base import kube
from implementation_dag.base.sweep import Sweep

from . import job, reconcile, settings

GROUP, PLURAL = "taskmaster.io/v1", "docsruns"

LOG = logging.getLogger("docsrun")
CONFIG = settings.load()
CLIENT = kube.client()


def _look(name: str) -> None:
    try:
        docsrun = kube.as_dict(CLIENT.get(kube.DocsRun, name, namespace=CONFIG.namespace))
    except ApiError as error:
        if error.status.code == 404:
            return
        raise
    if reconcile.expired(docsrun, CONFIG):
        CLIENT.delete(kube.DocsRun, name, namespace=CONFIG.namespace)
        LOG.info("DocsRun %s: deleted after its time to live", name)
        return
    status = reconcile.reconcile(CLIENT, docsrun, CONFIG)
    if status is not None:
        # Only onto what was looked at: another replica may have written since, and its word must not be taken back.
        patch = {"metadata": {"resourceVersion": docsrun["metadata"]["resourceVersion"]}, "status": status}
        CLIENT.patch(kube.DocsRun.Status, name, patch, namespace=CONFIG.namespace, patch_type=PatchType.MERGE)
        LOG.info("DocsRun %s: %s, %s: %s", name, status["phase"], status["reason"], status["message"])


def _waiting() -> Iterator[str]:
    for item in CLIENT.list(kube.DocsRun, namespace=CONFIG.namespace):
        docsrun = kube.as_dict(item)
        if not reconcile.ended(docsrun) or reconcile.expired(docsrun, CONFIG):
            yield docsrun["metadata"]["name"]


SWEEP = Sweep("DocsRun", _look, _waiting)


@kopf.on.startup(id="docsruns")
async def start(memo: kopf.Memo, **_: Any) -> None:
    """Begin the sweep."""
    memo.docsruns = asyncio.create_task(SWEEP.forever())


@kopf.on.cleanup(id="docsruns")
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """End the sweep."""
    memo.docsruns.cancel()


@kopf.on.event(GROUP, PLURAL)
async def on_docsrun(name: str | None, body: kopf.Body, **_: Any) -> None:
    """A DocsRun came or changed."""
    if name and not reconcile.ended(dict(body)):
        await SWEEP.look(name)


@kopf.on.event("v1", "pods", labels={job.NAME_LABEL: kopf.PRESENT})
async def on_pod(labels: kopf.Labels, **_: Any) -> None:
    """The pod of a DocsRun came, changed or went."""
    await SWEEP.look(labels[job.NAME_LABEL])
