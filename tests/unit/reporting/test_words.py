"""Words and addresses, one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.reporting import words


@given(st.text(), st.integers(2, 40))
def test_a_line_keeps_its_limit_and_shows_all_it_has(text: str, limit: int) -> None:
    line = words.plain(text, limit)
    assert len(line) <= limit
    assert line == words.plain(line, limit)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n\tb", "a b"),
        ("ab\u202ecd\u200b", "abcd"),
        ("\x1b[31mred\x00", "[31mred"),
        ("\ud800x", "x"),
        ("  ", ""),
        ("a\u3164b\u115fc\u2800d\ufe0fe\U000e0101f\u034f", "abcdef"),
        ("abcdefgh", "abcd…"),
    ],
)
def test_what_cannot_be_seen_is_left_out(text: str, line: str) -> None:
    assert words.plain(text, 5 if text == "abcdefgh" else 50) == line


def test_nothing_ends_a_code_span_or_a_cell() -> None:
    assert words.code("a`b|c", 50) == "`a'b¦c`"
    assert words.code("\n", 50) == ""


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://x.example.com/a?b=c&d=%20", "https://x.example.com/a?b=c&d=%20"),
        ("https://x.example.com/a)b>c d\n", "https://x.example.com/a%29b%3Ec%20d%0A"),
        ("https://x.example.com/&copy;", "https://x.example.com/&copy%3B"),
        ("javascript:alert(1)", ""),
        ("ftp://x.example.com", ""),
        ("https://", ""),
        ("https://user@x.example.com", ""),
        ("https://[x", ""),
        ("https://x.example.com/" + "a" * 1000, ""),
        ("", ""),
    ],
)
def test_an_address_is_one_of_the_web_and_safe_in_markdown(text: str, address: str) -> None:
    assert words.address(text) == address
    assert words.link("x", text) == (f"[x](<{address}>)" if address else "")
