"""Debian's Chromium without a screen: what a page is to a person."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from idag.progress import Progress
from scripts.lab.cluster.prerequisites import require_packages

PROGRAM = "chromium"
# One that every machine with the package draws alike.
PACKAGES = {PROGRAM: PROGRAM, "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": "fonts-dejavu-core"}


@contextmanager
def browser(progress: Progress) -> Iterator[Browser]:
    """Yield a browser, installed where it is missing. Raises LabError where that cannot be."""
    require_packages(progress, PACKAGES)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which(PROGRAM))
        try:
            yield started
        finally:
            started.close()
