"""An agent in a box, as a trusted step uses it: hand the source over, follow the work, take home what is left.

All that the box says is hostile: its log is cleaned and bounded, its bundles are checked entry by entry.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from lightkube import ApiError, Client

from implementation_dag.base import kube, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.contract import labels, run

from . import box, bundle, pod
from .verdict import NOT_BEGUN

POLL_SECONDS = 0.5
LOG_LIMIT = 8 * 1024 * 1024
# How long one piece of the log may take.
LOG_SECONDS = 10
# How long one exchange of the box's content may take.
EXCHANGE_SECONDS = 600
# What can happen to a pod without any fault of the agent's; one that filled the disk is evicted for its own.
LOST = {
    *("PodLost", "Evicted", "NodeLost", "Terminated", "Preempting", "NodeShutdown", "UnexpectedAdmissionError"),
    *NOT_BEGUN,
}


class BoxLost(StepError):
    """The cluster lost the box: another one may do."""


@dataclass
class Box:
    """One AgentRun, from its creation to its end."""

    client: Client
    namespace: str
    name: str
    key: str
    status: dict[str, Any] = field(default_factory=dict)
    _printed: int = 0

    def wait(self, *phases: str, limit: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until the AgentRun is in one of the phases. Raises BoxLost, or StepError with its message."""
        for _ in wait.rounds(limit, POLL_SECONDS):
            found = kube.persistently(
                f"read AgentRun {self.name}",
                lambda: self.client.get(pod.AgentRun, self.name, namespace=self.namespace),
            )
            self.status = kube.as_dict(found).get("status") or {}
            if self.status.get("phase") in phases:
                return
            if self.status.get("phase") == "Failed":
                words = f"{self.status['reason']}: {self.status['message']}"
                own_fault = self.status["reason"] not in LOST or "exceeds the" in words
                raise StepError(words) if own_fault else BoxLost(words)
            meanwhile()
        words = self.status.get("message", "the controller has not looked at it")
        raise StepError(f"the agent's box is not {' or '.join(phases)} after {limit:.0f} s: {words}")

    def give(self, folder: Path) -> None:
        """Hand the source over. Raises BoxLost when the box does not take it."""
        for left in wait.rounds(EXCHANGE_SECONDS, POLL_SECONDS):
            try:
                answer = self._http.put("/source", content=bundle.pack(folder, repository=True))
            except httpx2.TransportError as error:
                if not left:
                    raise BoxLost(f"the agent's box does not answer at {self.status['address']}: {error}") from None
                continue
            if answer.status_code != 204:
                raise StepError(f"the agent's box refuses the source: HTTP {answer.status_code}")
            return

    def print_log(self, *, to_the_end: bool = False) -> None:
        """Print the whole lines that the agent has printed since, 8 MiB in all; silent while no box answers."""
        while self._printed < LOG_LIMIT:
            try:
                with self._http.stream("GET", "/log", params={"from": self._printed}) as answer:
                    piece = b"".join(_bounded(answer, box.LOG_CHUNK)) if answer.status_code == 200 else b""
            except httpx2.HTTPError:
                return
            full = len(piece) == box.LOG_CHUNK
            whole = piece if to_the_end and not full else piece[: piece.rfind(b"\n") + 1] or (piece if full else b"")
            self._printed += len(whole)
            for line in whole.decode(errors="replace").splitlines():
                say(f"agent: {line}")
            if self._printed >= LOG_LIMIT:
                say(f"the agent printed more than {LOG_LIMIT} bytes: the rest is left out")
            if not full:
                # No more for now. Whoever answers line by line is asked again when the box was looked at.
                return

    def take(self, what: str) -> Iterator[bytes]:
        """Yield the bundle `what`, work or evidence. Raises BoxLost when the box goes away meanwhile."""
        deadline = time.monotonic() + EXCHANGE_SECONDS
        try:
            with self._http.stream("GET", f"/{what}") as answer:
                if answer.status_code != 200:
                    raise StepError(f"the agent's box hands out no {what}: HTTP {answer.status_code}")
                # Without a size: each piece as it comes, or a box that answers byte by byte would hold us.
                for chunk in answer.iter_raw():
                    if time.monotonic() > deadline:
                        raise StepError(f"the agent's box took more than {EXCHANGE_SECONDS} s to hand out its {what}")
                    yield chunk
        except httpx2.TransportError as error:
            raise BoxLost(f"the agent's box went away while it handed out its {what}: {error}") from None

    def delete(self) -> None:
        """Let the box go; no error when it is gone."""

        def call() -> None:
            try:
                self.client.delete(pod.AgentRun, self.name, namespace=self.namespace)
            except ApiError as error:
                if error.status.code != 404:
                    raise

        kube.persistently(f"delete AgentRun {self.name}", call)

    @cached_property
    def _http(self) -> httpx2.Client:
        # No proxy of the environment: the box is a neighbour.
        return httpx2.Client(
            base_url=f"http://{_host(self.status['address'])}:{box.PORT}",
            headers={"Authorization": f"Bearer {self.key}", "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(30, write=EXCHANGE_SECONDS),
            trust_env=False,
        )


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _bounded(answer: httpx2.Response, limit: int) -> Iterator[bytes]:
    deadline = time.monotonic() + LOG_SECONDS
    for chunk in answer.iter_raw():
        yield chunk[:limit]
        limit -= len(chunk)
        if limit <= 0 or time.monotonic() > deadline:
            return


def start(client: Client, this: run.Run, stage: str, spec: dict[str, Any]) -> Box:
    """Create an AgentRun that belongs to this run's Workflow; `spec` lacks only the key."""
    key = secrets.token_hex(32)
    name = f"{this.workflow}-{stage}-{secrets.token_hex(3)}"
    manifest = {
        "apiVersion": f"{labels.GROUP}/v1alpha1",
        "kind": "AgentRun",
        "metadata": {
            "name": name,
            "namespace": this.namespace,
            "labels": this.labels,
            "ownerReferences": [this.owner_reference],
        },
        "spec": spec | {"key": hashlib.sha256(key.encode()).hexdigest()},
    }
    kube.persistently(f"create AgentRun {name}", lambda: client.create(pod.AgentRun.from_dict(manifest)))
    say(f"AgentRun {name} created")
    return Box(client, this.namespace, name, key)
