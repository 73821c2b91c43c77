"""In a browser the pages hinder nobody, fit a phone, ask for nothing, and need no script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from . import situations
from .conftest import Axe

PAGES = (*situations.REPORTS, *situations.RUNS)
WIDTHS = (360, 1280)
Scheme = Literal["dark", "light"]
SCHEMES: tuple[Scheme, ...] = ("dark", "light")
# What is folded is looked at too.
_UNFOLD = "document.querySelectorAll('details').forEach(one => one.open = true)"
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def opened(browser: Browser, file: Path, scheme: Scheme, width: int, **how: Any) -> Iterator[tuple[Page, list[str]]]:
    """Yield the page, and the addresses that it has asked for."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, **how)
    try:
        page, asked = context.new_page(), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        yield page, asked
    finally:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_hinders_nobody(browser: Browser, axe: Axe, tmp_path: Path, name: str) -> None:
    file = situations.write(name, tmp_path)
    for scheme in SCHEMES:
        for width in WIDTHS:
            with opened(browser, file, scheme, width) as (page, asked):
                page.evaluate(_UNFOLD)
                assert axe.counted(page) == [], f"{scheme}, {width} pixels"
                assert page.evaluate(_TOO_WIDE) == 0, f"{scheme}: scrolls sideways at {width} pixels"
                assert asked == [file.as_uri()]


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_a_page_says_the_same(browser: Browser, tmp_path: Path, name: str) -> None:
    file = situations.write(name, tmp_path)
    said = []
    for scripts in (True, False):
        with opened(browser, file, "light", 1280, java_script_enabled=scripts) as (page, _):
            said.append(page.locator("body").inner_text())
    assert said[0] == said[1] and len(said[0]) > 100


def test_axe_finds_ink_that_is_too_faint(browser: Browser, axe: Axe, tmp_path: Path) -> None:
    file = situations.write("passed", tmp_path)
    words = file.read_text(encoding="utf-8")
    # Another style is none that the page's policy allows.
    faint = words.replace("Content-Security-Policy", "x").replace("--faint: #545d68", "--faint: #cccccc")
    file.write_text(faint, encoding="utf-8")
    with opened(browser, file, "light", 1280) as (page, _):
        assert [one["rule"] for one in axe.violations(page)] == ["color-contrast"]


def test_what_is_asked_for_and_what_is_too_wide_is_seen(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text('<p style="width: 2000px">x</p><img src="elsewhere.png">', encoding="utf-8")
    with opened(browser, file, "light", 360) as (page, asked):
        assert page.evaluate(_TOO_WIDE) > 0
        assert asked == [file.as_uri(), (tmp_path / "elsewhere.png").as_uri()]
