"""The controller of pull requests: each event, and the passing of time, is a reason to decide once more."""

from __future__ import annotations

import logging
import os
from typing import Any

import kopf

from implementation_dag.base import kube, process
from implementation_dag.base.sweep import Sweep
from implementation_dag.contract import labels

from . import connect, objects
from .look import Looker
from .settings import load

LOG = logging.getLogger("preview")
HEALTH = "http://0.0.0.0:{port}/healthz"
PORT = 8080


def main() -> int:
    """Run until told to stop."""
    process.prepare()
    told = load()
    LOG.setLevel(told.log_level)
    looker = Looker(kube.client(), told, connect.forge(told))
    port = int(os.environ.get("PORT", str(PORT)))
    looker.show()
    handle(looker)
    process.run(told.namespace, HEALTH.format(port=port))
    return 0


def handle(looker: Looker) -> None:
    """Register handlers: events fill what is known and name what is to be looked at; sweep and poll do the rest."""
    sweep = Sweep("Preview", looker.look, looker.known, looker.due)
    polls = Sweep("Repository", looker.poll, looker.repositories, looker.poll_due)
    for each in (sweep, polls):
        process.keep(each)

    @kopf.on.event(labels.GROUP, objects.VERSION, objects.PLURAL)
    async def on_preview(name: str | None, body: kopf.Body, type: str | None, **_: Any) -> None:
        if name and looker.preview_changed(name, None if type == "DELETED" else plain(body)):
            await sweep.look(name)

    @kopf.on.event("argoproj.io", "v1alpha1", "workflows")
    async def on_workflow(name: str | None, body: kopf.Body, type: str | None, **_: Any) -> None:
        if name and (of := looker.workflow_changed(name, None if type == "DELETED" else plain(body))):
            await sweep.look(of)


def plain(body: kopf.Body) -> dict[str, Any]:
    """Return what kopf wraps."""
    return dict(body)
