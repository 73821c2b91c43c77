"""The process of the reaper: again and again it reads, decides and acts, and says how it is."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from datetime import datetime

import httpx2
from lightkube import ApiError, Client

from implementation_dag.base import kube, metrics, moments, process
from implementation_dag.base.sweep import STALLED_SECONDS, Stalled

from .acting import PASS_SECONDS, Acting
from .api import Api
from .decide import decide
from .reading import known
from .settings import Told, load

LOG = logging.getLogger("reaper")
HEALTH = "http://0.0.0.0:{port}/healthz"
PORT = 8080
PASSES = metrics.counter("reaper_passes", "Passes of the reaper.", "result")
DURATION = metrics.histogram("reaper_pass_duration_seconds", "Time of a pass of the reaper.")
NAMESPACES = metrics.gauge("preview_namespaces", "Namespaces of previews that were there at the last pass.")


class Reaper:
    """Passes, one after the other; what it remembers between them is since when nobody wants a thing."""

    kind = "Reaper"

    def __init__(self, client: Client, told: Told) -> None:
        self._api, self._told = Api(client), told
        self._acting = Acting(self._api, told)
        self._since: Mapping[str, datetime] = {}
        self._complete = moments.passed()
        self._faults = 0

    def look(self) -> int:
        """Make one pass; return how many things went. Raises ApiError and httpx2.HTTPError when it cannot read."""
        found = known(self._api, self._told.decision)
        decision = decide(found, self._since, self._told.decision, moments.now())
        self._since = decision.since
        gone = self._acting.do(decision)
        if gone:
            words = "%d previews are there; %d things went, %d wait for their grace, %d namespaces are stuck"
            LOG.info(words, len(found.namespaces), gone, len(decision.waiting), len(decision.stuck))
        NAMESPACES.set(len(found.namespaces))
        self._complete = moments.passed()
        return gone

    def _passes(self) -> None:
        try:
            with DURATION.time():
                self.look()
        except Exception:
            PASSES.labels("failure").inc()
            raise
        PASSES.labels("success").inc()

    async def forever(self) -> None:
        """Make passes until told to stop."""
        while True:
            try:
                await asyncio.to_thread(self._passes)
            except (ApiError, httpx2.HTTPError) as error:
                self._faults += 1
                LOG.warning("cannot read what is there, so nothing goes; trying again: %s", error)
            except Exception:
                self._faults += 1
                LOG.exception("a fault of ours; looking again")
            await asyncio.sleep(self._told.interval_seconds)

    def health(self) -> dict[str, float]:
        """Say how long ago the last pass ended, and how many calls went wrong. Raises Stalled."""
        age = moments.passed() - self._complete
        faults = self._faults + self._acting.faults
        if age > STALLED_SECONDS + self._told.interval_seconds + PASS_SECONDS:
            raise Stalled(f"no pass has ended for {age:.0f} s; {faults} calls went wrong")
        return {"secondsSinceLastCompleteLook": round(age, 1), "faults": faults}


def main() -> int:
    """Run until told to stop."""
    process.prepare()
    told = load()
    LOG.setLevel(told.log_level)
    process.keep(Reaper(kube.client(), told))
    port = int(os.environ.get("PORT", str(PORT)))
    process.run(told.decision.namespace, HEALTH.format(port=port))
    return 0
