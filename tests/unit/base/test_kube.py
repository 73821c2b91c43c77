"""What lightkube raises when the API server is away is what we wait for, and what ends in words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from lightkube import Client
from lightkube.config.kubeconfig import KubeConfig
from lightkube.resources.core_v1 import Namespace

from implementation_dag.base import kube, wait
from implementation_dag.base.errors import StepError


def client(port: int) -> Client:
    cluster = {"name": "x", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    user = {"name": "x", "user": {"token": "x"}}
    config = {"current-context": "x", "clusters": [cluster], "contexts": [context], "users": [user]}
    return Client(config=KubeConfig.from_dict(config), trust_env=False)


def test_an_api_server_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(wait, "CLOCK", SimpleNamespace(sleep=waited.append))
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        closed = client(server.server_port)
    with pytest.raises(StepError, match="cannot read it: the API server does not answer"):
        kube.persistently("read it", lambda: closed.get(Namespace, "x"))
    assert len(waited) == kube.RETRIES - 1


def test_an_answer_that_is_no_json_ends_in_words() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"404 page not found")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(StepError, match="cannot read it: the API server answers HTTP 404"):
            kube.persistently("read it", lambda: client(server.server_port).get(Namespace, "x"))
        server.shutdown()


def test_a_version_that_nobody_tells_is_empty() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        closed = client(server.server_port)
    assert kube.server_version(closed) == ""


THREADS = """
import sys, threading
from lightkube.core import decoders
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, Event, Pod
from implementation_dag.base import kube

KINDS = Job, Pod, Event, ConfigMap
if sys.argv[1:] == ["learnt"]:
    kube.learn(*KINDS)
# Threads take turns as often as they can.
sys.setswitchinterval(1e-6)
together = threading.Barrier(16)

def read(number):
    together.wait()
    decoders.decode_list(b'{"items": []}', KINDS[number % 4])
    if number % 4 != 2:
        decoders.decode_object(b'{"metadata": {}}', KINDS[number % 4])
    decoders.decode_status(b"{}")

threads = [threading.Thread(target=read, args=(number,)) for number in range(16)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def ended(*arguments: str) -> int:
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", THREADS, *arguments], env=env, check=False).returncode


def test_threads_read_at_once_what_was_learnt() -> None:
    assert [ended("learnt") for _ in range(4)] == [0] * 4


def test_without_learning_threads_end_the_process() -> None:
    """When this fails, msgspec has mended it, and `kube.learn` can go."""
    assert any(ended() == -signal.SIGSEGV for _ in range(12))
