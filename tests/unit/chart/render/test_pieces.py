"""The harness's pieces that need no helm."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from idag.render import Objects
from idag.render.changes import ABSENT, changes, shown
from idag.render.layout import dump
from idag.render.manifests import documents, load
from idag.render.targets import TARGETS, Target, describe, parse
from idag.yaml_reader import InputError


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": "1"}, [("a", 1, "1")]),
        ({"a": {"b.c/d": 1}}, {"a": {"b.c/d": 2}}, [('a["b.c/d"]', 1, 2)]),
        ({"a": True}, {"a": 1}, [("a", True, 1)]),
        ({"a": 1}, {}, [("a", 1, ABSENT)]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        ({"e": [{"name": "x", "value": 1}]}, {"e": [{"name": "x", "value": 2}]}, [("e[x].value", 1, 2)]),
        ({"e": [1, 2, 3]}, {"e": [1, 3]}, [("e[-1]", 2, ABSENT)]),
        ({"e": [1, 3]}, {"e": [1, 2, 3]}, [("e[+1]", ABSENT, 2)]),
        (
            {"e": [{"name": "a"}, {"name": "b"}]},
            {"e": [{"name": "b"}, {"name": "a"}]},
            [("e[order]", ["a", "b"], ["b", "a"])],
        ),
        ({"volumes": [{"name": "a"}, {"name": "b"}]}, {"volumes": [{"name": "b"}, {"name": "a"}]}, []),
        ({"t": "a: 1\nb: 2\n"}, {"t": "a: 1\nb: 3\n"}, [("t:b", 2, 3)]),
        ({"t": "one\ntwo words\n"}, {"t": "one\nthree words\n"}, [("t[line 2]", "two words\n", "three words\n")]),
    ],
)
def test_changes_are_found_by_path(old: Any, new: Any, found: list[Any]) -> None:
    assert [tuple(change) for change in changes(old, new)] == found


@pytest.mark.parametrize(
    "text", ["yes", "1.31", "0123", "1e6", "12:30", "2026-11-24", "null", "", "~", "- a", "a: b", "a #b"]
)
def test_a_string_stays_a_string_for_every_reader(text: str) -> None:
    written = dump({"value": text, "block": f"{text}\nmore \n"})
    assert load(written) == {"value": text, "block": f"{text}\nmore \n"}
    assert yaml.safe_load(written)["value"] == text


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    read = load(
        "{date: 2026-11-24, time: 12:30, number: 1e3, octal: 0440, yes: on, exponent: 2.4192e+06, unit: 1e+07s}"
    )
    assert read == {
        "date": "2026-11-24",
        "time": "12:30",
        "number": 1000.0,
        "octal": 288,
        "True": True,
        "exponent": 2419200.0,
        "unit": "1e+07s",
    }
    with pytest.raises(InputError, match="'a' is there twice"):
        load("a: 1\na: 2\n")


def test_documents_are_split_where_a_line_says_so() -> None:
    parts = documents("---\n# Source: a\na: |\n  ---\n  x\n---\nb: 1\n--- # c\n")
    assert [load(part) for part in parts] == [{"a": "---\nx\n"}, {"b": 1}]


def test_layout_puts_first_what_one_looks_for() -> None:
    lines = dump(
        {"spec": {}, "metadata": {"namespace": "b", "labels": {}, "name": "a"}, "kind": "K", "apiVersion": "v1"}
    )
    assert [line.split(":")[0] for line in lines.splitlines()] == [
        "apiVersion",
        "kind",
        "metadata",
        "  name",
        "  namespace",
        "  labels",
        "spec",
    ]


@pytest.mark.parametrize(
    ("some", "text"),
    [
        (TARGETS, ""),
        (
            [Target("1.31", "helm3"), Target("1.31", "helm4"), Target("1.32", "helm3"), Target("1.32", "helm4")],
            "1.31-1.32",
        ),
        ([target for target in TARGETS if target.helm == "helm3"], "helm3"),
        ([Target("1.31", "helm3"), Target("1.33", "helm3"), Target("1.36", "helm4")], "helm3_1.31,1.33+helm4_1.36"),
    ],
)
def test_sets_of_targets_are_written_and_read(some: list[Target], text: str) -> None:
    assert describe(some) == text
    assert parse(text) == set(some)


@pytest.mark.parametrize("text", ["helm5", "1.30", "helm3_1.99", "+"])
def test_a_set_of_targets_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        parse(text)


def test_an_object_that_is_not_there_names_those_that_are() -> None:
    objects = Objects([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}}])
    assert objects.config_map("a").address == "ConfigMap/n/a"
    with pytest.raises(LookupError, match="there is ConfigMap/n/a"):
        objects.config_map("b")
    with pytest.raises(LookupError, match="no deployment at all"):
        objects.deployment()


def test_two_groups_may_share_a_kind() -> None:
    items = [
        {"apiVersion": group, "kind": "Service", "metadata": {"name": "a"}}
        for group in ("v1", "serving.knative.dev/v1")
    ]
    assert list(Objects(items)) == ["Service/a", "Service.serving.knative.dev/a"]


def test_long_values_are_cut() -> None:
    assert shown("x" * 500) == f"{'x' * 160}... (500 characters)"
    assert shown("") == '""'
