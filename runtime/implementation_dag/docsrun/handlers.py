"""The life of a DocsRun as kopf sees it: each event of it or of its pod, and the passing of time, is a reason to look.

Neither finalizers nor annotations are needed for that: without the controller a DocsRun can still be deleted.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from typing import Any

import httpx
import kopf
from lightkube import ApiError
from lightkube.types import PatchType

from .. import kube
from . import job, reconcile, settings

GROUP, PLURAL = "taskmaster.io/v1", "docsruns"
# What no event tells, graces and times to live, is found by looking this often, in seconds.
SWEEP_INTERVAL = 2.0

LOG = logging.getLogger("docsrun")
CONFIG = settings.load()
CLIENT = kube.client()
_locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
_tasks: set[asyncio.Task[None]] = set()


async def look(name: str) -> None:
    """Bring one DocsRun a step on; one look at a time for each."""
    async with _locks[name]:
        try:
            await asyncio.to_thread(_look, name)
        except (ApiError, httpx.HTTPError) as error:
            # Not lost: the next sweep looks again.
            if isinstance(error, ApiError) and error.status.code in (404, 409):
                LOG.debug("DocsRun %s: another replica was first: %s", name, error)
                return
            LOG.warning("DocsRun %s: the API server did not do its part, looking again soon: %s", name, error)


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


async def sweep() -> None:
    """Look at every DocsRun that has something to wait for, for ever."""
    while True:
        try:
            found = await asyncio.to_thread(lambda: list(CLIENT.list(kube.DocsRun, namespace=CONFIG.namespace)))
            for item in found:
                docsrun = kube.as_dict(item)
                if not reconcile.ended(docsrun) or reconcile.expired(docsrun, CONFIG):
                    await look(docsrun["metadata"]["name"])
        except (ApiError, httpx.HTTPError) as error:
            LOG.warning("cannot list DocsRuns, trying again: %s", error)
        await asyncio.sleep(SWEEP_INTERVAL)


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Begin the sweep; post no events of kopf's own."""
    settings.posting.enabled = False
    task = asyncio.create_task(sweep())
    _tasks.add(task)


@kopf.on.cleanup()
async def stop(**_: Any) -> None:
    """End the sweep."""
    for task in _tasks:
        task.cancel()


@kopf.on.event(GROUP, PLURAL)
async def on_docsrun(name: str | None, body: kopf.Body, **_: Any) -> None:
    """A DocsRun came or changed."""
    if name and not reconcile.ended(dict(body)):
        await look(name)


@kopf.on.event("v1", "pods", labels={job.NAME_LABEL: kopf.PRESENT})
async def on_pod(labels: kopf.Labels, **_: Any) -> None:
    """The pod of a DocsRun came, changed or went."""
    await look(labels[job.NAME_LABEL])


def run_controller() -> int:
    """Run the controller in its own namespace until it is told to stop."""
    # kopf asks who runs it, and the image's user has no name.
    os.environ.setdefault("USER", "implementation-dag")
    kopf.configure(verbose=False)
    LOG.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
    for noisy in ("httpx", "httpx2", "kopf.objects"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    kopf.run(namespaces=[CONFIG.namespace], standalone=True, liveness_endpoint="http://0.0.0.0:8080/healthz")
    return 0
