"""The controller's looking survives every error of one object, and never looks at one object twice at once."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest

from implementation_dag.base import sweep
from implementation_dag.base.sweep import Sweep


def test_an_error_of_one_object_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL", 0.001)
    seen: list[str] = []

    def look(name: str) -> None:
        seen.append(name)
        if name == "deep":
            json.loads("[" * 100_000)
        if name == "broken":
            raise KeyError(name)

    async def some_time() -> None:
        task = asyncio.create_task(Sweep("DocsRun", look, lambda: ["broken", "deep", "good"]).forever())
        while seen.count("good") < 3:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(asyncio.wait_for(some_time(), 10))


def test_a_list_that_fails_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL", 0.001)
    answers = iter([RuntimeError("no"), ["x"], ["x"]])
    seen: list[str] = []

    def waiting() -> list[str]:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    async def some_time() -> None:
        task = asyncio.create_task(Sweep("DocsRun", seen.append, waiting).forever())
        while not seen:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(asyncio.wait_for(some_time(), 10))


def test_events_during_a_look_lead_to_one_more_look() -> None:
    at_once, most, looks, guard = 0, 0, 0, threading.Lock()

    def look(_: str) -> None:
        nonlocal at_once, most, looks
        with guard:
            at_once, looks = at_once + 1, looks + 1
            most = max(most, at_once)
        time.sleep(0.02)
        with guard:
            at_once -= 1

    async def burst() -> None:
        watched = Sweep("DocsRun", look, list)
        await asyncio.gather(*(watched.look("x") for _ in range(20)))
        assert not watched._busy
        assert not watched._again

    asyncio.run(burst())
    assert most == 1
    assert looks == 2
