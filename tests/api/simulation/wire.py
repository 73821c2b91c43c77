"""The wire between a process and the API server: it fails, or the process dies, at any single call."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import httpx2
from lightkube import Client, KubeConfig

from implementation_dag.base import kube

from .memory import Memory
from .translation import Translation

# The number of a change at the API server: it counts on from one history to the next.
VERSION = re.compile(r'"resourceVersion":"\d+"|\(\d+\)')
STATUSES = {409: "Conflict", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


class Fault(StrEnum):
    """What goes wrong once, at one call."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    LOST = "no answer, and nothing came of it"
    UNHEARD = "no answer, though it was done"
    CONFLICT = "409"
    TOO_MANY = "429"
    INTERNAL = "500"
    UNAVAILABLE = "503"


class Dies(BaseException):
    """The process is killed: none of its own handlers catches that."""


class Wire(httpx2.BaseTransport):
    """Hands calls on; `fault` says of each what goes wrong with it, None: nothing. `done` sees what was done, and how.

    `trace` has all that went over it.
    """

    def __init__(self, name: str, kubeconfig: Path) -> None:
        self.name = name
        context = ssl.create_default_context(cafile=_ca(kubeconfig))
        self._inner = httpx2.HTTPTransport(verify=context)
        self.fault: Callable[[Wire, httpx2.Request], Fault | None] = lambda *_: None
        self.done: Callable[[Wire, httpx2.Request, httpx2.Response], None] = lambda *_: None
        self.translation, self.memory = Translation(lambda: 0.0), Memory(keeps=False)
        self.trace: list[str] = []
        self.written = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the API server does, or as the fault is."""
        fault = self.fault(self, request)
        self._note(f"{self.name}: {request.method} {request.url.raw_path.decode()} {fault or ''}", request.read())
        if fault is Fault.DIES_BEFORE:
            raise Dies
        if fault is Fault.LOST:
            raise httpx2.ReadTimeout("simulated", request=request)
        if fault and fault.value.isdecimal():
            return _refusal(int(fault.value), request)
        answer = self.memory.answer(self.name, request, lambda: self._ask(request))
        self._note(f"{self.name}: {answer.status_code}", answer.content)
        if answer.status_code < 400:
            self.written += request.method not in ("GET", "HEAD")
            self.done(self, request, answer)
        if fault is Fault.DIES_AFTER:
            raise Dies
        if fault is Fault.UNHEARD:
            raise httpx2.ReadTimeout("simulated", request=request)
        return answer

    def _ask(self, request: httpx2.Request) -> httpx2.Response:
        return self.translation.answered(request, self._inner.handle_request(self.translation.asked(request)))

    def _note(self, words: str, content: bytes) -> None:
        self.trace.append(f"{words} {VERSION.sub('', content.decode())}")

    def close(self) -> None:
        """Give the connections back."""
        self._inner.close()


def client(kubeconfig: Path, wire: Wire) -> Client:
    """Return a client as the runtime's own, on that wire."""
    return Client(KubeConfig.from_file(kubeconfig).get(), field_manager=kube.FIELD_MANAGER, transport=wire)


def _ca(kubeconfig: Path) -> str:
    return str(json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority"])


def _refusal(code: int, request: httpx2.Request) -> httpx2.Response:
    words = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": STATUSES[code]}
    return httpx2.Response(code, json=words | {"message": "simulated"}, request=request)
