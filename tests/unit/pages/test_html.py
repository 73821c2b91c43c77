"""Whatever is put into a page is text, and all of it is to be seen."""

import unicodedata
from urllib.parse import urljoin, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.pages import html


@given(st.text())
def test_all_is_to_be_seen(text: str) -> None:
    shown = html.seen(text)
    assert not {one for one in shown if unicodedata.category(one) in ("Cc", "Cf", "Cn", "Cs")} - {"\n", "\t"}
    assert html.seen(shown) == shown


def test_the_code_of_what_shows_nothing_is_shown() -> None:
    assert html.seen("a\u202eb\x00\r\nc\té🙂") == "a\\u202eb\\u0000\nc\té🙂"


@given(st.text(min_size=1).filter(lambda name: not {*name.split("/")} & {"", ".", ".."}))
def test_an_address_beside_the_page_stays_there(name: str) -> None:
    leads = urlsplit(urljoin("https://evidence.example.com/acme/shop/pr-7/run/report.html", html.beside(name)))
    assert (leads.scheme, leads.netloc, leads.query, leads.fragment) == ("https", "evidence.example.com", "", "")
    assert leads.path.startswith("/acme/shop/pr-7/run/")


def test_a_cut_is_seen() -> None:
    assert (html.cut("abc", 3), html.cut("abcd", 3)) == ("abc", "abc…")
