"""What looks begins with the process and ends with it, and kopf posts and scans nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import kopf
import pytest
from kopf._core.intents.causes import Activity
from kopf._core.intents.registries import set_default_registry

from implementation_dag.base import health, process


class Looking:
    """Says when it began and that it was cancelled."""

    def __init__(self, kind: str) -> None:
        self.kind, self.said = kind, list[str]()

    async def forever(self) -> None:
        self.said.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            self.said.append("ended")

    def health(self) -> dict[str, float]:
        return {health.SINCE: 0, "faults": 0}


@pytest.fixture
def registry() -> Iterator[kopf.OperatorRegistry]:
    before, found = kopf.get_default_registry(), kopf.OperatorRegistry()
    set_default_registry(found)
    yield found
    set_default_registry(before)


def test_each_looks_as_long_as_the_process_lives(registry: kopf.OperatorRegistry) -> None:
    both = [Looking("DocsRun"), Looking("AgentRun")]
    for each in both:
        process.keep(each)
    settings, memo = kopf.OperatorSettings(), kopf.Memo()

    async def call(activity: Activity) -> None:
        for handler in registry._activities.get_all_handlers():
            if handler.activity is activity:
                found: Any = handler.fn
                await found(settings=settings, memo=memo)

    async def live() -> None:
        await call(Activity.STARTUP)
        await asyncio.sleep(0)
        assert [each.said for each in both] == [["begun"], ["begun"]]
        await call(Activity.CLEANUP)
        await asyncio.sleep(0)

    asyncio.run(live())
    assert [each.said for each in both] == [["begun", "ended"], ["begun", "ended"]]
    assert not settings.posting.enabled
    assert settings.scanning.disabled
