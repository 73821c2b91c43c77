"""Parts of a page are made anew, all else stays."""

from __future__ import annotations

import pytest

from idag.marked import by_hand, row, with_parts

PAGE = """\
before
<!-- one: made by `make it` -->
old
<!-- end of one -->
between
  # two-b: made by `make it` from that
  # end of two-b
after
"""


def test_each_part_is_made_anew() -> None:
    found = with_parts(PAGE, {"one": "new\n", "two-b": "  - x\n"}, "page")
    assert found == PAGE.replace("old", "new").replace("  # end", "  - x\n  # end")
    assert with_parts(found, {"one": "old\n", "two-b": ""}, "page") == PAGE
    assert with_parts(PAGE, {}, "page") == PAGE


def test_a_page_without_the_place_is_told() -> None:
    with pytest.raises(ValueError, match="page has no place for three: a line"):
        with_parts(PAGE, {"one": "", "three": ""}, "page")


def test_what_people_wrote_is_the_rest() -> None:
    assert by_hand(PAGE) == PAGE.replace("old\n", "")


def test_a_bar_does_not_end_a_cell() -> None:
    assert row("a|b", "c") == "| a\\|b | c |\n"
