"""The life of an AgentRun as kopf sees it: each event of it or of its pod is a reason to look."""

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

from ..contract import labels
from ..docsrun import settings
from . import pod, reconcile

PLURAL = "agentruns"

LOG = logging.getLogger("agentrun")
CONFIG = settings.load()
CLIENT = kube.client()


def _look(name: str) -> None:
    try:
        agentrun = kube.as_dict(CLIENT.get(pod.AgentRun, name, namespace=CONFIG.namespace))
    except ApiError as error:
        if error.status.code == 404:
            return
        raise
    if reconcile.expired(agentrun):
        CLIENT.delete(pod.AgentRun, name, namespace=CONFIG.namespace)
        LOG.info("AgentRun %s: deleted, nobody took home what it left", name)
        return
    status = reconcile.reconcile(CLIENT, agentrun, CONFIG)
    if status is not None:
        # Only onto what was looked at: another replica may have written since.
        patch = {"metadata": {"resourceVersion": agentrun["metadata"]["resourceVersion"]}, "status": status}
        CLIENT.patch(pod.AgentRun.Status, name, patch, namespace=CONFIG.namespace, patch_type=PatchType.MERGE)
        LOG.info("AgentRun %s: %s, %s: %s", name, status["phase"], status["reason"], status["message"])


def _waiting() -> Iterator[str]:
    for item in CLIENT.list(pod.AgentRun, namespace=CONFIG.namespace):
        agentrun = kube.as_dict(item)
        if not reconcile.ended(agentrun) or reconcile.expired(agentrun):
            yield agentrun["metadata"]["name"]


SWEEP = Sweep("AgentRun", _look, _waiting)


@kopf.on.startup(id="agentruns")
async def start(memo: kopf.Memo, **_: Any) -> None:
    """Begin the sweep."""
    memo.agentruns = asyncio.create_task(SWEEP.forever())


@kopf.on.cleanup(id="agentruns")
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """End the sweep."""
    memo.agentruns.cancel()


@kopf.on.event(f"{labels.GROUP}/v1alpha1", PLURAL)
async def on_agentrun(name: str | None, body: kopf.Body, **_: Any) -> None:
    """An AgentRun came or changed."""
    if name and not reconcile.ended(dict(body)):
        await SWEEP.look(name)


@kopf.on.event("v1", "pods", labels={labels.BOXED: kopf.PRESENT})
async def on_pod(name: str | None, **_: Any) -> None:
    """The pod of an AgentRun, which has its name, came, changed or went."""
    if name:
        await SWEEP.look(name)
