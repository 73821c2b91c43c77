"""The controller: DocsRuns and AgentRuns of its own namespace."""

from __future__ import annotations

import logging
import os
from typing import Any

import kopf

from implementation_dag.base import kube
from implementation_dag.base.life import Life

from .agents import handlers as agentruns
from .docsrun import handlers as docsruns
from .docsrun import settings as controller_settings

HEALTH = "http://0.0.0.0:8080/healthz"


async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Post no events of kopf's own, and begin at once."""
    settings.posting.enabled = False
    # It would ask for all namespaces and CRDs, be refused, and for a minute ask again before it watches anything.
    settings.scanning.disabled = True


def run_controller(health: str = HEALTH) -> int:
    """Run the controller in its own namespace until it is told to stop; `health` is where it says how it is."""
    # kopf asks who runs it, and the image's user has no name.
    os.environ.setdefault("USER", "implementation-dag")
    kopf.configure(verbose=False)
    kopf.on.startup()(configure)
    settings, client = controller_settings.load(), kube.client()
    for module in (docsruns, agentruns):
        life = Life(client, settings.namespace, module.kind(client, settings))
        life.log.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
        life.register()
    for noisy in ("httpx2", "kopf.objects"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    kopf.run(namespaces=[settings.namespace], standalone=True, liveness_endpoint=health)
    return 0
