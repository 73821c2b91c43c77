"""Tables in output parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.base.workflow_status import bounded
from implementation_dag.contract import rows

CELLS = st.text(st.characters(codec="utf-8"), max_size=300)


@given(st.lists(st.tuples(CELLS, st.integers(0, 10**9), CELLS), max_size=30))
def test_what_was_written_is_read_as_far_as_there_was_room(given_rows: list[tuple[str, int, str]]) -> None:
    text = rows.written(given_rows)
    assert bounded(text) == text, "what reads a Workflow's outputs neither cuts nor changes it"
    found = rows.read(text, str, int, str)
    cut = [(path[:200], line, words[:200]) for path, line, words in given_rows]
    assert found == cut[: len(found)]
    assert len(found) == len(cut) or len(text) > rows.LIMIT // 2 - 200


@pytest.mark.parametrize("text", ["", "x", "{}", "[1]", '[["a", "b"]]', '[["a", true]]', '[["a", 1, 2]]', "[" * 10000])
def test_what_is_no_such_table_has_no_rows(text: str) -> None:
    assert rows.read(text, str, int) == []


def test_a_row_of_another_kind_hides_no_other() -> None:
    assert rows.read('[["a"], ["b", 2]]', str, int) == [("b", 2)]
