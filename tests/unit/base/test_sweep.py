"""The controller's looking survives every error of one object, and never looks at one object twice at once."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator

import pytest

from implementation_dag.base import sweep
from implementation_dag.base.sweep import Object, Stalled, Sweep

Named = list[tuple[str, Object]]


def named(*names: str) -> Named:
    """Objects of these names."""
    return [(name, {}) for name in names]


def always(_name: str, _item: Object) -> bool:
    """Something is to be done about every one."""
    return True


def test_an_error_of_one_object_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL", 0.001)
    seen: list[str] = []

    def look(name: str) -> None:
        seen.append(name)
        if name == "deep":
            json.loads("[" * 100_000)
        if name == "broken":
            raise KeyError(name)

    def due(name: str, _: Object) -> bool:
        if name == "unreadable":
            raise TypeError(name)
        return True

    async def some_time() -> None:
        watched = Sweep("DocsRun", look, lambda: named("broken", "deep", "unreadable", "good"), due)
        task = asyncio.create_task(watched.forever())
        while seen.count("good") < 3:
            await asyncio.sleep(0.001)
        task.cancel()
        assert watched.health()["faults"] >= 6
        assert "unreadable" not in seen
        assert watched.health()["secondsSinceLastCompleteLook"] < 5

    asyncio.run(asyncio.wait_for(some_time(), 10))


def test_a_look_that_hangs_keeps_nobody_else_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL", 0.001)
    monkeypatch.setattr(sweep, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(sweep, "STALLED_SECONDS", 0.2)
    seen: list[str] = []
    hangs = threading.Event()

    def look(name: str) -> None:
        seen.append(name)
        if name == "hangs":
            hangs.wait(10)

    async def some_time() -> None:
        watched = Sweep("DocsRun", look, lambda: named("hangs", "good"), always)
        task = asyncio.create_task(watched.forever())
        started = time.monotonic()
        while time.monotonic() - started < 0.4:
            await asyncio.sleep(0.01)
        assert seen.count("good") > 2
        assert seen.count("hangs") == 1, "no second look at an object beside the first one"
        with pytest.raises(Stalled, match=r"no look at all DocsRuns has ended for 0 s; [1-9]"):
            watched.health()
        hangs.set()
        while watched._complete < started + 0.4:
            await asyncio.sleep(0.01)
        assert watched.health()
        task.cancel()

    asyncio.run(asyncio.wait_for(some_time(), 10))


def test_so_many_objects_are_looked_at_at_once_and_no_more() -> None:
    at_once, most, guard = 0, 0, threading.Lock()

    def look(_: str) -> None:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with guard:
            at_once -= 1

    async def burst() -> None:
        watched = Sweep("DocsRun", look, list, always)
        await asyncio.gather(*(watched.look(f"run-{n}") for n in range(100)))

    asyncio.run(burst())
    assert most == sweep.AT_ONCE


def test_a_controller_that_cannot_list_says_so_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL", 0.001)
    monkeypatch.setattr(sweep, "STALLED_SECONDS", 0.05)

    def refused() -> Named:
        raise RuntimeError("forbidden")

    async def some_time() -> None:
        watched = Sweep("AgentRun", print, refused, always)
        assert watched.health()["faults"] == 0
        task = asyncio.create_task(watched.forever())
        await asyncio.sleep(0.1)
        with pytest.raises(Stalled, match="no look at all AgentRuns"):
            watched.health()
        task.cancel()

    asyncio.run(asyncio.wait_for(some_time(), 10))


def test_a_list_that_fails_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL", 0.001)
    answers: Iterator[Named | Exception] = iter([RuntimeError("no"), named("x"), named("x")])
    seen: list[str] = []

    def waiting() -> Named:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    async def some_time() -> None:
        task = asyncio.create_task(Sweep("DocsRun", seen.append, waiting, always).forever())
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
        watched = Sweep("DocsRun", look, list, always)
        first = asyncio.create_task(watched.look("x"))
        while not looks:
            await asyncio.sleep(0.001)
        await asyncio.gather(first, *(watched.look("x") for _ in range(20)))
        assert not watched._busy
        assert not watched._again

    asyncio.run(burst())
    assert most == 1
    assert looks == 2
