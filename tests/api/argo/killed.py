"""The provisioner as a process whose calls are counted: it dies or holds at one of them, and notes each.

Run as `python -m tests.api.argo.killed`: DIES_AT is the number of the call before which it is killed (0: none), HOLDS
the beginning of calls, `method path`, before which it waits until that file is there: `file beginning`.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2

from implementation_dag.provisioner import controller

CALLS = itertools.count(1)
SEND = httpx2.Client.send


def send(client: httpx2.Client, request: httpx2.Request, **given: Any) -> httpx2.Response:
    """Send a request, unless this is the call at which it dies."""
    number, what = next(CALLS), f"{request.method} {request.url.path}"
    if number == int(os.environ["DIES_AT"]):
        print(f"dies before call {number}: {what}", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    file, _, beginning = os.environ["HOLDS"].partition(" ")
    if file and what.startswith(beginning):
        print(f"holds before {what}", flush=True)
        while not Path(file).exists():
            time.sleep(0.05)
    answer = SEND(client, request, **given)
    print(f"call {number}: {what}: {answer.status_code}", flush=True)
    return answer


if __name__ == "__main__":
    httpx2.Client.send = send  # type: ignore[method-assign,assignment]
    controller.main()
