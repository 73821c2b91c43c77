"""What the schema lets through means to helm, and to whoever is refused, what it says."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from idag.render.helm import call
from idag.toolchain import tool
from implementation_dag.contract import repository
from implementation_dag.contract.repository_schema import LIMITS, SET_KEY, SET_VALUE, schema
from implementation_dag.docsrun.helm.installation import Installation

NAMES = {"tag": "pr-7", "digest": "sha256:0", "host": "shop-pr-7.preview.example.com", "pr": "7", "commit": "c" * 40}
KEYS = st.from_regex(SET_KEY.pattern, fullmatch=True).filter(lambda key: len(key) <= 200)
SOME = st.text("a0,{}\\=[] \u00e9\U0001f642-:/\n", max_size=9) | st.from_regex(SET_VALUE.pattern, fullmatch=True)
ESCAPES = st.lists(st.sampled_from(["a", "{pr}", "{host}", *map("\\{}".format, "\\{},p")]), max_size=6).map("".join)
VALUES = SOME | SOME.map("{}\\".format) | ESCAPES
# What is empty in the other places of a list that has something at [2].
NOTHING: tuple[Any, ...] = (None, {}, [])


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that shows all its values."""
    path: Path = tmp_path_factory.mktemp("chart")
    (path / "templates").mkdir()
    (path / "Chart.yaml").write_text("apiVersion: v2\nname: shown\nversion: 1.0.0\n")
    (path / "templates" / "shown.yaml").write_text("values: {{ .Values | toJson | b64enc }}\n")
    return path


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if value in NOTHING:
        return
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*place, key))
    else:
        yield place, value


def place(key: str) -> tuple[str | int, ...]:
    """Where the words of `set` say that a key leads."""
    names = re.findall(r"\[(\d+)\]|((?:[^.\\\[]|\\\.)+)", key)
    return tuple(int(index) if index else name.replace("\\.", ".") for index, name in names)


def meant(value: str) -> str:
    """What the words of `set` say that a value is, read from its begin to its end."""
    if not value:
        return ""
    if value[0] == "\\":
        return value[1] + meant(value[2:])
    name, _, rest = value[1:].partition("}")
    return NAMES[name] + meant(rest) if value[0] == "{" else value[0] + meant(value[1:])


@settings(max_examples=60)
@given(key=KEYS, value=VALUES.filter(SET_VALUE.fits))
@example(key="a[0].b", value="")
def test_a_key_sets_one_value_to_one_text_and_no_other(chart: Path, key: str, value: str) -> None:
    filled = repository.filled(value, NAMES)
    flags = Installation("", (), {key: filled}, "", {}).flags
    done = call([str(tool("helm")), "template", "x", str(chart), *flags])
    assert done.returncode == 0, done.stderr
    shown = json.loads(base64.b64decode(yaml.safe_load(done.stdout)["values"]))
    assert list(leaves(shown)) == [(place(key), meant(value))]


def rules(rule: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every rule below this one."""
    if isinstance(rule, dict):
        if isinstance(rule.get("description"), str):
            yield place, rule
        for key, inner in rule.items():
            yield from rules(inner, f"{place}/{key}")


def test_nobody_is_let_say_more_than_the_schema_names() -> None:
    for where, rule in rules(schema()):
        kind = rule.get("type")
        assert kind in ("object", "array", "string", "integer", "number") or "enum" in rule, where
        assert kind != "object" or "additionalProperties" in rule, where
        assert kind != "array" or "maxItems" in rule, where
        assert kind != "string" or "pattern" in rule, where


@pytest.mark.parametrize("name", LIMITS)
@given(number=st.integers(-2, 10**7) | st.floats(-2, 10**7, allow_nan=False).map(lambda one: round(one, 6)))
def test_a_limit_is_what_the_parameter_takes(name: str, number: float) -> None:
    rule = schema()["properties"]["limits"]["properties"][name]
    # A whole number in YAML may be written 10.0, which as an argument is none.
    fits = Draft202012Validator(rule).is_valid(number)
    text = str(int(number)) if float(number).is_integer() else f"{number:.6f}".rstrip("0")
    assert fits == LIMITS[name].accepts(text)


def test_a_line_break_at_the_end_is_no_part_of_any_text() -> None:
    texts = [(where, rule) for where, rule in rules(schema()) if rule.get("type") == "string"]
    assert len(texts) >= 6
    for where, rule in texts:
        for good in ("a", "/a", "a.yaml"):
            assert not Draft202012Validator(rule).is_valid(f"{good}\n"), where


def test_it_is_the_same_whoever_asks() -> None:
    assert json.loads(json.dumps(schema())) == schema()
    Draft202012Validator.check_schema(schema())
