"""S3 services as processes of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from minio import Minio

from implementation_dag.base import wait

KEYS = {"AWS_ACCESS_KEY_ID": "evidence-test", "AWS_SECRET_ACCESS_KEY": "evidence-test"}


@contextmanager
def serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[str]:
    """Run the command until it serves the port; gives the URL."""
    with subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            for _ in wait.rounds(60, 0.1):
                assert process.poll() is None, process.stderr and process.stderr.read()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def client(host: str) -> Minio:
    """Return a client of host:port, with KEYS."""
    access_key, secret_key = KEYS.values()
    return Minio(host, access_key, secret_key, secure=False, region="us-east-1")
