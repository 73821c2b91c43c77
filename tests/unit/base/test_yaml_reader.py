"""What JSON has is read as it is; whatever else the bytes are, the answer is a value of JSON or one line."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from implementation_dag.base.yaml_reader import InputError, decoded, load

TEXT = some.text(some.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(10**15), 10**15) | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def as_json(value: Any) -> str:
    # As Go's own reader, it takes no pair of escapes for one character.
    return json.dumps(value, ensure_ascii=False)


@given(JSON)
def test_json_is_read_as_json(value: Any) -> None:
    assert load(as_json(value)) == value


@given(some.binary(max_size=60) | some.text("{}[]&*!<>: \n\t-a0.'\"|#%@", max_size=60).map(str.encode))
def test_any_bytes_are_a_value_of_json_or_one_line(content: bytes) -> None:
    try:
        found = load(decoded(content, "file"), "file")
    except InputError as error:
        assert str(error).startswith("file: ")
        assert len(str(error).splitlines()) == 1
    else:
        json.dumps(found, allow_nan=False)


@given(TEXT, JSON)
def test_no_key_is_dropped(key: str, value: Any) -> None:
    twice = f"{{{as_json(key)}: 1, {as_json(key)}: {as_json(value)}}}"
    try:
        load(twice)
    except InputError as error:
        assert "is there twice" in str(error)
    else:
        raise AssertionError(f"read: {twice}")
