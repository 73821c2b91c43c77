"""An agent's file is stored under a name that no browser runs, or not at all."""

import mimetypes
import os

import pytest

from implementation_dag.contract.served import NAME_LIMIT, served_name

# What a browser renders or runs, by its type.
ACTIVE = ("html", "xml", "javascript", "svg", "pdf", "wasm", "css", "rfc822", "multipart", "flash", "x-shockwave")


@pytest.mark.parametrize("name", ["tests.log", "report.json", "changes.diff", "screens/1.PNG", "commit", "größe.txt"])
def test_plain_files_keep_their_names(name: str) -> None:
    assert served_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "coverage.html",
        "a/b.HTM",
        "x.svg",
        "x.xml",
        "x.xhtml",
        "x.js",
        "x.mjs",
        "x.shtml",
        "x.pdf",
        "x.mht",
        "x.txt.html",
        ".html",
    ],
)
def test_what_a_browser_may_run_becomes_text(name: str) -> None:
    assert served_name(name) == f"{name}.txt"


@pytest.mark.parametrize("ending", sorted({*mimetypes.types_map, *mimetypes.common_types}))
def test_no_ending_keeps_an_active_type(ending: str) -> None:
    stored = served_name(f"x{ending}")
    assert stored
    kind = mimetypes.guess_type(stored)[0] or ""
    assert not any(word in kind for word in ACTIVE), f"{stored} is {kind}"


@pytest.mark.parametrize(
    "name",
    [
        os.fsdecode(b"caf\xe9.txt"),
        "a\nb.txt",
        "../x",
        "/x",
        "a//b",
        "a/./b",
        "",
        "a\\b",
        "\x7f",
        "a\ufffe.txt",
        "\uffff",
        "x" * (NAME_LIMIT + 1),
    ],
)
def test_what_cannot_be_kept_is_left_out(name: str) -> None:
    assert served_name(name) is None
