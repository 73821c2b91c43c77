"""Evidence is read in bounds, and through no link."""

import json
import os
from pathlib import Path

import pytest

from implementation_dag.pages import files


def test_a_text_is_cut_where_its_bound_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc\xff\n")
    assert files.text(tmp_path / "x", 5) == "abc\N{REPLACEMENT CHARACTER}\n"
    assert files.text(tmp_path / "x", 2) == "ab\n… cut"
    assert files.text(tmp_path / "y", 2) == ""


def test_no_link_and_no_pipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": 1}\n')
    (tmp_path / "link").symlink_to(tmp_path / "x.json")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "none", "."):
        assert files.document(tmp_path / name) == {}
        assert list(files.lines(tmp_path / name, 5)) == []
    assert files.document(tmp_path / "x.json") == {"a": 1}


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"a": "' + "x" * files.DOCUMENT_LIMIT + '"}'])
def test_what_is_no_document_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").write_text(content)
    assert files.document(tmp_path / "x") == {}


def test_as_many_lines_are_read_as_asked_for(tmp_path: Path) -> None:
    lines = [json.dumps({"n": 1}), "no JSON", json.dumps({"n": 2}), json.dumps({"n": 3})]
    (tmp_path / "x").write_text("\n".join(lines))
    assert list(files.lines(tmp_path / "x", 3)) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (0.5, 0.5), (True, None), ("1", None), (1e300, None)])
def test_numbers(value: object, number: float | None) -> None:
    assert files.number(value) == number
    assert files.word(value) == (value if isinstance(value, str) else "")
