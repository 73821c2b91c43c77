"""The controller: DocsRuns and AgentRuns of its own namespace."""

from __future__ import annotations

import logging
import os
from typing import Any

import kopf

from implementation_dag.base import health

from .agents import handlers as agentruns
from .docsrun import handlers as docsruns


@kopf.on.startup()
async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """Post no events of kopf's own."""
    settings.posting.enabled = False


for each in (docsruns.SWEEP, agentruns.SWEEP):
    health.tell(each)


def run_controller() -> int:
    """Run the controller in its own namespace until it is told to stop."""
    # kopf asks who runs it, and the image's user has no name.
    os.environ.setdefault("USER", "implementation-dag")
    kopf.configure(verbose=False)
    for ours in (docsruns.LOG, agentruns.LOG):
        ours.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
    for noisy in ("httpx", "httpx2", "kopf.objects"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    namespace = docsruns.CONFIG.namespace
    kopf.run(namespaces=[namespace], standalone=True, liveness_endpoint="http://0.0.0.0:8080/healthz")
    return 0
