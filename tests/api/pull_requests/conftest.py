"""Controller and receiver as processes, between a real API server and a real forge; Argo's part is played here."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.types import PatchType

from implementation_dag.base import kube
from implementation_dag.pull_requests import objects
from scripts.lab.forge.process import Forge, running
from scripts.lab.kubectl import Kubectl
from tests.api import release
from tests.api.previews import NAMESPACE, RELEASE

ROOT = Path(__file__).parents[3]
OWNER = "acme"
SECRET = secrets.token_hex(16)


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """A forge that may send webhooks to this machine."""
    with running() as found:
        found.admin.organization(OWNER)
        yield found


@pytest.fixture(scope="session")
def client(kubectl: Kubectl, previews: None) -> Client:
    """The API server with the release in it, as an administrator."""
    for name in ("previews.implementation-dag.dev", "workflows.argoproj.io"):
        kubectl.run("wait", "--for=condition=Established", f"customresourcedefinition/{name}", "--timeout=30s")
    return Client(config=KubeConfig.from_file(str(kubectl.kubeconfig)))


@dataclass
class Argo:
    """Brings Workflows to their end, as Argo does; keeps account of what lived at once."""

    client: Client
    seconds: float = 0.0
    hold: bool = False
    most: dict[str, int] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._end.wait(0.1):
            with contextlib.suppress(ApiError, httpx.HTTPError):
                self.step()

    def step(self) -> None:
        live: dict[str, int] = {}
        for item in map(kube.as_dict, self.client.list(kube.Workflow, namespace=NAMESPACE)):
            name, status = item["metadata"]["name"], item.get("status") or {}
            self.seen[name] = item
            if status.get("phase") in objects.OVER:
                continue
            of = objects.pull_request(item)
            live[of] = live.get(of, 0) + 1
            self.most[of] = max(self.most.get(of, 0), live[of])
            if not status:
                self._write(name, {"phase": "Running", "startedAt": "2026-01-01T00:00:00Z"})
            elif item["spec"].get("shutdown"):
                self._write(name, {"phase": "Failed", "finishedAt": _now()})
            elif not self.hold or item["spec"].get("entrypoint") == objects.END:
                self._write(name, {"phase": "Succeeded", "finishedAt": _now()})

    def _write(self, name: str, status: dict[str, Any]) -> None:
        self.client.patch(kube.Workflow, name, {"status": status}, namespace=NAMESPACE, patch_type=PatchType.MERGE)

    def stop(self) -> None:
        self._end.set()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@pytest.fixture
def argo(client: Client) -> Iterator[Argo]:
    """Argo's part; `hold` keeps runs of the pipeline from ending."""
    found = Argo(client)
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    yield found
    found.stop()
    thread.join()


class Process:
    """One of our processes, which may be killed and begun again."""

    def __init__(self, command: str, env: dict[str, str], log: Path) -> None:
        self.command, self.log, self.port = command, log, _free_port()
        self._env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'runtime'}", "PORT": str(self.port), **env}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: bool = True) -> None:
        """Begin; wait until it answers."""
        with self.log.open("ab") as log:
            arguments = [sys.executable, "-m", "implementation_dag", self.command]
            self._process = subprocess.Popen(arguments, env=self._env, stdout=log, stderr=log)
        if ready:
            until(self._answers, 60, lambda: self.log.read_text()[-2000:])

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 200
        return False

    def kill(self) -> None:
        """End it as a lost node does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def processes(
    kubectl: Kubectl, client: Client, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Process]]:
    """Start processes of ours, each with the rights that the chart gives it, and end them all."""
    made: list[Process] = []

    def start(command: str, env: dict[str, str], ready: bool = True) -> Process:
        identity = release.identity(kubectl, command, tmp_path_factory.mktemp("identity"))
        common = {"NAMESPACE": NAMESPACE, "RELEASE": RELEASE, "KUBECONFIG": str(identity)}
        found = Process(command, common | env, tmp_path / f"{command}-{len(made)}.log")
        made.append(found)
        found.start(ready)
        return found

    yield start
    for each in made:
        each.kill()


def told(forge: Forge | None = None, repositories: tuple[str, ...] = (), **changed: Any) -> str:
    """What the chart writes into FORGE."""
    return json.dumps(
        {
            "kind": "gitea" if forge else "none",
            "apiUrl": f"{forge.url}/api/v1" if forge else "",
            "repositories": repositories,
            "gates": {"labels": [], "drafts": False, "paths": [], "agents": []},
            "limits": {"runs": 0, "runsPerRepository": 0, "extendHours": 168},
            "pollSeconds": 60,
            "callsPerHour": 100000,
            "evidenceUrl": "",
            "ttlHours": 24,
            "onFailure": "comment",
        }
        | changed
    )


def until(holds: Callable[[], Any], seconds: float, words: Callable[[], Any] = lambda: "") -> Any:
    """Wait until it holds, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {words()}"
        time.sleep(0.1)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
