"""Fields of a forge's answers: what is not of its type is half an answer, said by its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.forge.errors import Unavailable
from implementation_dag.forge.fields import Fields, objects

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHOLE = {
    "text": "Ü 😀",
    "number": 7,
    "flag": True,
    "commit": COMMIT,
    "inner": {"text": "in"},
    "none": None,
    "each": [{"text": "1"}, {"text": "2"}],
}
READ: dict[str, Callable[[Fields], Any]] = {
    "text": lambda fields: fields.text("text"),
    "number": lambda fields: fields.number("number"),
    "flag": lambda fields: fields.flag("flag"),
    "commit": lambda fields: fields.commit("commit"),
    "inner": lambda fields: fields.inner("inner").text("text"),
    "none": lambda fields: fields.inner_or_none("none"),
    "each": lambda fields: [item.text("text") for item in fields.each("each")],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(WHOLE)), inner),
)


def test_what_may_be_null_is_empty_then_and_of_its_kind_else() -> None:
    fields = Fields({"there": "x", "null": None, "other": 7}, "GET /x")
    assert (fields.optional("there"), fields.optional("null"), fields.optional("missing")) == ("x", "", "")
    with pytest.raises(Unavailable, match=r"GET /x.other: 7, text is needed"):
        fields.optional("other")


def test_each_kind_is_read() -> None:
    assert {name: read(Fields(WHOLE, "GET /x")) for name, read in READ.items()} == {
        "text": "Ü 😀",
        "number": 7,
        "flag": True,
        "commit": COMMIT,
        "inner": "in",
        "none": None,
        "each": ["1", "2"],
    }


@pytest.mark.parametrize("name", READ)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(Unavailable, match=rf"^GET /x\.{name}: None, "):
        READ[name](Fields({key: value for key, value in WHOLE.items() if key != name}, "GET /x"))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("number", True, "True, a number is needed"),
        ("number", 1.5, "1.5, a number is needed"),
        ("flag", 1, "1, true or false is needed"),
        ("commit", COMMIT[1:], "is no commit"),
        ("commit", COMMIT.upper(), "is no commit"),
        ("commit", COMMIT + "\n", "is no commit"),
        ("inner", [], "an object is needed"),
        ("each", {}, "a list is needed"),
        ("each", [{}, 7], r"each\[1\]: 7, an object is needed"),
    ],
)
def test_what_is_of_another_type_is_named(name: str, value: object, message: str) -> None:
    with pytest.raises(Unavailable, match=message):
        READ[name](Fields(WHOLE | {name: value}, "GET /x"))


def test_a_lone_surrogate_does_not_come_through() -> None:
    assert Fields({"text": "a\ud800b😀"}, "x").text("text") == "a\ufffdb😀"


@given(data=JSON)
def test_anything_else_is_said_and_not_raised(data: object) -> None:
    reads: list[Callable[[Fields], object]] = [*READ.values(), lambda fields: objects(data, "x")]
    for read in reads:
        try:
            read(Fields(data, "x"))
        except Unavailable as error:
            assert len(str(error)) < 200
