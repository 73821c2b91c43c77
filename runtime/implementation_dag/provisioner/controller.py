"""The process of the provisioner: nodes that wait are worked on, each in a thread of its own, and answered.

It remembers nothing that counts: what waits it learns from the runs themselves, and work that was begun begins anew.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any

import kopf
from lightkube import Client

from implementation_dag.base import kube, metrics, moments, process
from implementation_dag.base.errors import ArgumentError, StepError
from implementation_dag.base.log import clean, say, step, trace
from implementation_dag.base.sweep import STALLED_SECONDS, Stalled
from implementation_dag.contract.stages import WITHOUT_POD

from . import nodes, work
from .asking import Api
from .model import ANSWERED, Unreadable, Unwanted, Waiting
from .nodes import Object
from .settings import Told, load

LOG = logging.getLogger("provisioner")
HEALTH = "http://0.0.0.0:{port}/healthz"
PORT = 8080
# What could not be answered is tried again, and what waits for too long is found, by looking this often.
INTERVAL_SECONDS = 2.0
# So many nodes are worked on at once; the others wait their turn.
AT_ONCE = 64
STEPS = metrics.counter("provisioner_steps", "Steps that the provisioner has answered.", "step", "result")
DURATION = metrics.histogram(
    "provisioner_step_duration_seconds", "Time of a step from the moment it waits to its answer.", "step"
)
WAITING = metrics.gauge("provisioner_waiting", "Steps that wait for the provisioner, those in work included.")
metrics.begin(STEPS, *((step, result) for step in WITHOUT_POD for result in (nodes.SUCCEEDED, nodes.FAILED)))


class Provisioner:
    """Works on what waits, and answers it once."""

    kind = "Provisioner"

    def __init__(self, client: Client, told: Told) -> None:
        self._api, self._told = Api(client, told.release, told.namespace), told
        # By the name of the run.
        self._waiting: dict[str, list[Waiting]] = {}
        self._busy: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._complete = moments.passed()
        self._faults = 0
        WAITING.set_function(lambda: len(self._all()))

    def changed(self, name: str, workflow: Object | None) -> None:
        """Take note of a run, or that it is gone, and begin what waits."""
        try:
            found = nodes.waiting(workflow, self._told.release) if workflow else []
        except Unreadable as error:
            LOG.warning("%s", clean(str(error)))
            found = []
        except Exception:
            self._faults += 1
            LOG.exception("Workflow %s: it cannot be read; the others go on", name)
            found = []
        with self._lock:
            self._waiting[name] = found
            if not found:
                del self._waiting[name]
        for each in found:
            self._begin(each)

    def look(self) -> None:
        """Begin what waits and is not in work."""
        for each in self._all():
            self._begin(each)
        self._complete = moments.passed()

    def _all(self) -> list[Waiting]:
        with self._lock:
            return [each for found in self._waiting.values() for each in found]

    def _begin(self, found: Waiting) -> None:
        """Work on it, or let it fail when it has waited for too long, whoever works on it."""
        late = (moments.now() - found.since).total_seconds() > self._told.limit(found.step)
        call = self._expire if late else self._work
        key = (f"{found.uid}/{found.node}", call.__name__)
        with self._lock:
            if key in self._busy or len(self._busy) >= AT_ONCE:
                return
            self._busy.add(key)

        def run() -> None:
            try:
                with step(found.workflow, found.step, trace=trace(found.uid)):
                    call(found)
            except Unwanted as error:
                self._forget(found)
                LOG.debug("%s: not answered: %s", found.about, error)
            except StepError as error:
                self._faults += 1
                LOG.warning("%s: not answered, trying again: %s", found.about, clean(str(error)))
            except Exception:
                self._faults += 1
                LOG.exception("%s: a fault of ours; trying again", found.about)
            finally:
                with self._lock:
                    self._busy.discard(key)

        # A daemon: the process ends without waiting for it, and the next one goes on.
        threading.Thread(target=run, name=found.about, daemon=True).start()

    def _work(self, found: Waiting) -> None:
        try:
            outputs = work.do(self._api, self._told, found)
        except StepError as error:
            self._fail(found, str(error))
            return

        def patch(workflow: Object) -> Object:
            return nodes.succeeded(workflow, found, outputs, moments.now())

        try:
            self._api.answer(found, patch)
        except ArgumentError as error:
            self._fail(found, str(error))
            return
        self._answered(found, nodes.SUCCEEDED)

    def _expire(self, found: Waiting) -> None:
        self._fail(
            found,
            f"{found.step} has no answer after {self._told.limit(found.step):.0f} s (value steps.timeoutSeconds): "
            "what it waited for is in the provisioner's log, if the provisioner was there",
        )

    def _fail(self, found: Waiting, words: str) -> None:
        self._api.answer(found, lambda workflow: nodes.failed(workflow, found, words, moments.now()))
        say(f"error: {words}")
        self._answered(found, nodes.FAILED)

    def _answered(self, found: Waiting, result: str) -> None:
        self._forget(found)
        STEPS.labels(found.step, result).inc()
        DURATION.labels(found.step).observe(max(0.0, (moments.now() - found.since).total_seconds()))
        say(f"{ANSWERED}{result}")

    def _forget(self, found: Waiting) -> None:
        with self._lock:
            left = [each for each in self._waiting.pop(found.workflow, ()) if each != found]
            if left:
                self._waiting[found.workflow] = left

    async def forever(self) -> None:
        """Look until told to stop."""
        while True:
            try:
                self.look()
            except Exception:
                self._faults += 1
                LOG.exception("a fault of ours; looking again")
            await asyncio.sleep(INTERVAL_SECONDS)

    def health(self) -> dict[str, float]:
        """Say how long ago the last look ended, and how many calls went wrong. Raises Stalled."""
        age = moments.passed() - self._complete
        if age > STALLED_SECONDS:
            raise Stalled(f"no look has ended for {age:.0f} s; {self._faults} calls went wrong")
        return {"secondsSinceLastCompleteLook": round(age, 1), "faults": self._faults}


def main() -> int:
    """Run until told to stop."""
    process.prepare()
    told = load()
    LOG.setLevel(told.log_level)
    provisioner = Provisioner(kube.client(), told)
    process.keep(provisioner)

    @kopf.on.event("argoproj.io/v1alpha1", "workflows", id="workflows")
    async def on_run(name: str | None, body: kopf.Body, type: str | None, **_: Any) -> None:
        if name:
            provisioner.changed(name, None if type == "DELETED" else dict(body))

    process.run(told.namespace, HEALTH.format(port=int(os.environ.get("PORT", str(PORT)))))
    return 0
