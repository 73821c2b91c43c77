"""A browser for the pages, and what axe finds in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from idag.progress import Progress
from idag.toolchain import asset
from scripts.lab import browser as chromium

SUMMARY = Path(__file__).resolve().parents[2] / "out" / "observability" / "report.json"
_AXE = "axe.run().then(found => found.violations.map(one => ({rule: one.id, at: one.nodes.map(node => node.html)})))"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.browser(Progress("browser")) as started:
        yield started


class Axe:
    """Asks axe-core, and counts."""

    def __init__(self) -> None:
        self._source = asset("axe-core", "axe.js").read_text(encoding="utf-8")
        self.looks = self.found = 0

    def violations(self, page: Page) -> list[dict[str, Any]]:
        """Return what hinders people in the page."""
        page.evaluate(self._source)
        found: list[dict[str, Any]] = page.evaluate(_AXE)
        return found

    def counted(self, page: Page) -> list[dict[str, Any]]:
        """Return the same, counted for the summary."""
        found = self.violations(page)
        self.looks += 1
        self.found += len(found)
        return found


@pytest.fixture(scope="session")
def axe() -> Iterator[Axe]:
    asked = Axe()
    yield asked
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps({"axe_violations": asked.found, "looks": asked.looks}, indent=2) + "\n")
