"""What a value says arrives as it stands, or the schema refuses it by name: no text of a person is read as YAML again.

Everything is rendered twice, with harmless words and with hostile texts in their places; all else must be alike.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from idag.render import Objects, RenderError
from idag.render.suite import Suite
from scripts.chart.render.plugin import Renderer

from .walk import PODS, Json, Place, places, put

HOSTILE = (
    *("a: b", "x # y", "two\nlines", "\n  indented", "it's", 'a "quote"', "{{ .Release.Name }}", "- item", "-"),
    *("true", "null", "0123", "1e3", "0x1f", "1_000", "2026-01-01", "*a", "&a", "!!int 1", "%x", "@x", "`x`"),
    *("[a", "{a", "größe", "\\", "a\\nb", "$(X)", "${X}", "~", "a,b", "\t", " x ", "<script>", "---", "..."),
)
# Around a text where it is refused alone.
SHAPES = ("{}", "/{}", "{}@example.com", "https://{}", "{}.example.com", "registry.example.com/{}", "x.org/{}")
# On top of tests/render/cases/every-value.yaml: what makes the rest of the values be read.
SELECTOR = {"matchExpressions": [{"key": "app", "operator": "In"}]}
RULES = [{"to": [{"namespaceSelector": SELECTOR, "podSelector": SELECTOR}], "ports": [{"protocol": "TCP"}]}]
BESIDE: Json = {
    "acceptance": {"paths": [{"path": "/", "status": [200]}]},
    "agents": {"reference": {"apps": {"any": {"image": "registry.example.com/any"}}}},
    "mesh": {"kind": "istio"},
    "externalSecrets": {"secrets": {"any": {"data": {"any": {"key": "k"}}}}},
    "network": {"apiServer": RULES, "services": RULES, "agents": RULES},
    "pods": PODS,
    "preview": {"network": {"extraEgress": RULES}},
    "rbac": {"clusterScoped": False},
}
# Read from a ClusterSecretStore, and every-value.yaml has another.
OF_PREVIEWS = ("externalSecrets", "previewSecrets")
# A release's name is text of a person too; helm takes these. So is its namespace's.
RELEASES = ("123", "1e5", "true", "null", "0x1f", "1-1", "2026-01-01", "my.release", "1.5", "0123")
# Of these names are made, which have tests of their own; a rule counts the letters of an address of git. A text of
# extraObjects is a template of the operator's own: to be read as YAML is what it is for.
NAMES = (("fullnameOverride",), ("git", "baseUrl"), ("extraObjects",))
STRINGS = [
    place
    for place in places()
    if "string" in place.types and not any(place.path[: len(name)] == name for name in NAMES)
]


def word(number: int) -> str:
    """A harmless word that stands for one place."""
    return f"word{number}word"


def shape_of(place: Place, content: str) -> str:
    """The first shape in which `content` and a harmless word are both allowed at the place; empty: there is none."""
    for shape in SHAPES:
        if place.allows(shape.format(word(100))) and place.allows(shape.format(content)):
            return shape
    return ""


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_what_the_schema_takes_arrives_as_it_stands(hostile: str, render: Renderer) -> None:
    check("every-value", [place for place in STRINGS if place.path[:2] != OF_PREVIEWS], BESIDE, hostile, render)
    check("secrets", [place for place in STRINGS if place.path[:2] == OF_PREVIEWS], {}, hostile, render)


def check(case: str, asked: list[Place], beside: Json, hostile: str, render: Renderer) -> None:
    """Put the text into every place `asked` that takes it, and look whether it arrives."""
    words: list[str] = []
    harmless, given = beside, beside
    for place in asked:
        if shape := shape_of(place, hostile):
            words.append(word(len(words)))
            harmless = put(harmless, place.path, shape.format(words[-1]))
            given = put(given, place.path, shape.format(hostile))
    assert words
    found = compared(render(case, values=harmless), render(case, values=given), dict.fromkeys(words, hostile))
    assert found == []


@pytest.mark.parametrize("hostile", ["a: b", "x # y", "two\nlines"], ids=ascii)
def test_what_the_schema_does_not_take_is_refused_by_name(hostile: str, render: Renderer) -> None:
    values: Json = {}
    refused = [place for place in STRINGS if not shape_of(place, hostile)]
    for place in refused:
        values = put(values, place.path, hostile)
    with pytest.raises(RenderError) as caught:
        render("every-value", values=values)
    told = str(caught.value)
    assert [str(place) for place in refused if f"'/{'/'.join(map(str, place.path))}'" not in told] == []


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_and_a_namespace_of_any_name_stay_texts(name: str, suite: Suite) -> None:
    # Of one length: some rules count the letters of a name.
    namespace = name.replace(".", "-")
    words = {("zqj" * 9)[: len(name)]: name, ("jqz" * 9)[: len(namespace)]: namespace}
    assert compared(rendered(suite, *words.keys()), rendered(suite, *words.values()), words) == []


def rendered(suite: Suite, release: str, namespace: str) -> Objects:
    """Everything there is, in a release of that name."""
    case = suite.case("every-value")
    values = {"fullnameOverride": ""}
    return suite.render(replace(case, release=release, namespace=namespace), values=values).objects


def compared(harmless: Objects, given: Objects, words: Mapping[str, str]) -> list[str]:
    """Say what is not the same in both but for the words, in place of which the hostile texts stand."""
    found = Counter(leaf for item in given.values() for leaf in leaves(item.data))
    missing = []
    for item in harmless.values():
        for path, value in leaves(item.data):
            wanted = [(path, text) for text in ways(value, words)]
            here = next((leaf for leaf in wanted if found[leaf]), None)
            if here:
                found[here] -= 1
            else:
                missing.append(f"missing {item.kind}{path}: {wanted[0][1]!r}")
    return missing + [f"instead {path}: {value!r}" for path, value in +found]


def ways(value: Any, words: Mapping[str, str]) -> Iterator[Any]:
    """The value with the hostile texts in place of the words: as they are, and as JSON and the kubelet need them."""
    if not isinstance(value, str):
        yield value
        return
    for write in (str, in_json, lambda text: text.replace("$", "$$")):
        changed = value
        for harmless, hostile in words.items():
            changed = changed.replace(harmless, write(hostile))
        yield changed


def in_json(text: str) -> str:
    """The text as it stands between the quotes of JSON that Go writes."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", written)


def leaves(item: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value with its path; YAML and JSON inside of a text are read, as their readers will."""
    if isinstance(item, str) and ("\n" in item or item[:1] in "{["):
        try:
            inner = list(yaml.safe_load_all(item))
        except yaml.YAMLError:
            inner = None
        if inner and isinstance(inner[0], dict | list):
            item = inner
    if isinstance(item, dict):
        for key, value in item.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(item, list):
        for value in item:
            yield from leaves(value, f"{path}[]")
    else:
        yield path, item
