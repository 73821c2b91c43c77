"""kopf's own health endpoint answers by what the sweeps say."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any, cast

import aiohttp
import kopf
import pytest
from kopf._core.engines.indexing import OperatorIndexers
from kopf._core.engines.probing import health_reporter

from implementation_dag.base import health, sweep
from implementation_dag.base.sweep import Sweep


def test_a_sweep_that_stalled_is_no_health(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = kopf.OperatorRegistry()
    for kind in ("DocsRun", "AgentRun"):
        health.tell(Sweep(kind, print, list, lambda *_: True), registry)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"http://localhost:{free.getsockname()[1]}/healthz"

    async def answer(stalled_seconds: float) -> tuple[int, str]:
        monkeypatch.setattr(sweep, "STALLED_SECONDS", stalled_seconds)
        ready = asyncio.Event()
        settings, indices = kopf.OperatorSettings(), OperatorIndexers().indices
        reporter = health_reporter(
            address,
            memo=cast(Any, kopf.Memo()),
            indices=indices,
            registry=registry,
            settings=settings,
            ready_flag=ready,
        )
        serving = asyncio.create_task(reporter)
        await ready.wait()
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            found = response.status, await response.text()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return found

    status, text = asyncio.run(asyncio.wait_for(answer(300), 20))
    assert status == 200
    assert json.loads(text).keys() == {"DocsRun", "AgentRun"}
    assert json.loads(text)["DocsRun"]["faults"] == 0
    assert asyncio.run(asyncio.wait_for(answer(-1), 20))[0] == 500
