"""Draw the report of a made-up run for the README: `python -m tests.report.picture FILE`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from idag.progress import Progress
from scripts.lab import browser

from . import situations

SHOWN = "failed-acceptance"
SIZE = {"width": 1100, "height": 1080}


def main(file: Path) -> None:
    """Write the upper part of the page as a picture."""
    with tempfile.TemporaryDirectory() as folder, browser.browser(Progress("picture")) as chromium:
        page = chromium.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.goto(situations.write(SHOWN, Path(folder)).as_uri())
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
