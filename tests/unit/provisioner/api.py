"""An API server that has one run and notes what is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx2
from lightkube import Client
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster, User

from implementation_dag.provisioner.asking import Api

from .example import NAMESPACE, RELEASE, Object

RUN = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflows/run-1"


class Server(httpx2.BaseTransport):
    """Answers for the run; `on_write` sees each write before it is done, and may say with which code it ends."""

    def __init__(self, run: Object | None) -> None:
        self.run = run
        self.writes: list[str] = []
        self.patches: list[Any] = []
        self.on_write: Callable[[str], int | None] = lambda _: None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer."""
        path = request.url.path
        if request.method == "GET":
            if path != RUN or self.run is None:
                return _refusal(404)
            return httpx2.Response(200, json=self.run)
        self.writes.append(f"{request.method} {path}")
        if code := self.on_write(path):
            return _refusal(code)
        if path == RUN:
            self.patches.append(json.loads(request.read()))
        return httpx2.Response(200, json=copy.deepcopy(self.run or {}))


def _refusal(code: int) -> httpx2.Response:
    return httpx2.Response(code, json={"kind": "Status", "apiVersion": "v1", "code": code, "message": "no"})


def api(server: Server) -> Api:
    """The provisioner's way to it."""
    config = KubeConfig.from_one(
        cluster=Cluster(server="https://api.example.com"),
        user=User(token="x"),
        context_name="x",
    ).get()
    return Api(Client(config, transport=server, field_manager="test"), RELEASE, NAMESPACE)
