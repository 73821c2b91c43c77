"""A controller as a process: kopf watches, what looks goes on in loops of its own, and both end together."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

import kopf

from . import health, log, metrics
from .health import Looking


def prepare() -> None:
    """Let kopf and what we call with say less, before anything is registered."""
    # kopf asks who runs it, and the image's user has no name.
    os.environ.setdefault("USER", "implementation-dag")
    kopf.configure(verbose=False)
    for noisy in ("httpx2", "kopf.objects"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    log.settle()


def keep(looking: Looking) -> None:
    """Let it look from the process's start to its end, and the health endpoint tell how it is."""
    health.tell(looking)

    @kopf.on.startup(id=looking.kind)
    async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
        settings.posting.enabled = False
        # It would ask for all namespaces and CRDs, be refused, and for a minute ask again before it watches anything.
        settings.scanning.disabled = True
        memo[looking.kind] = asyncio.create_task(looking.forever())

    @kopf.on.cleanup(id=looking.kind)
    async def stop(memo: kopf.Memo, **_: Any) -> None:
        memo[looking.kind].cancel()


def run(namespace: str, address: str) -> None:
    """Run what is registered until the process is told to stop; at `address` it says how it is."""
    metrics.serve()
    kopf.run(namespaces=[namespace], standalone=True, liveness_endpoint=address)
