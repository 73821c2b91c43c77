"""For each value in values.yaml another one that the schema allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import yaml

from idag.yaml_reader import InputError, load
from scripts.chart.coverage.mutants import Mutant
from scripts.chart.coverage.values import Path, Values, dotted

# Tried in order where the value itself cannot be bent: names, hosts, addresses, times, sizes, digests.
_STRINGS = ("other", "other.example", "https://other.example", "7m", "7Mi", "sha256:" + "7" * 64, "7", "Other")
_ITEMS: tuple[Any, ...] = (*_STRINGS, {})


def default_mutants(values: Values, text: str) -> Iterator[Mutant]:
    """Yield one change of values.yaml, whose content is `text`, for each value; the rest of the text stays.

    A value for which none of the tries is allowed by the schema has no mutant.
    """
    validator = jsonschema.Draft7Validator(values.schema)
    for path, key, node in _leaves(yaml.compose(text, yaml.SafeLoader), ()):
        value = values.default(path)
        for other in _others(value, values.schema_of(path)):
            changed = _replaced(text, key, node, other)
            if _reads(changed, validator):
                what = f"the default of {dotted(path)} is {json.dumps(other)} instead of {json.dumps(value)}"
                yield Mutant("default", "values.yaml", node.start_mark.line + 1, what, changed, path)
                break


def _reads(text: str, validator: jsonschema.Draft7Validator) -> bool:
    """Whether the schema allows the changed text; an alias may have lost what it stands for."""
    try:
        return bool(validator.is_valid(load(text)))
    except InputError:
        return False


def _leaves(root: yaml.Node | None, path: Path) -> Iterator[tuple[Path, yaml.Node, yaml.Node]]:
    """Yield path, key and value; what an alias stands for only where it is written."""
    for key, node in root.value if isinstance(root, yaml.MappingNode) else ():
        if node.start_mark.index < key.end_mark.index or key.tag == "tag:yaml.org,2002:merge":
            continue
        if isinstance(node, yaml.MappingNode) and node.value:
            yield from _leaves(node, (*path, key.value))
        else:
            yield (*path, key.value), key, node


def _replaced(text: str, key: yaml.Node, node: yaml.Node, value: Any) -> str:
    # From the colon on: a list may begin on a line of its own that is not indented, where no other value may stand.
    start, end = text.index(":", key.end_mark.index) + 1, node.end_mark.index
    # A list written as a block ends where the next key begins.
    end = start + len(text[start:end].rstrip())
    anchor = re.match(r"\s*(&\S+)", text[start:end])
    kept = f"{anchor[1]} " if anchor else ""
    return f"{text[:start]} {kept}{json.dumps(value)}{text[end:]}"


def _others(value: Any, schema: dict[str, Any]) -> Iterator[Any]:
    yield from (item for item in schema.get("enum", ()) if item != value)
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1)
        case float():
            yield from (value / 2, value + 0.25)
        case str():
            if re.search(r"\d", value):
                yield re.sub(r"\d", lambda digit: str(int(digit[0]) % 9 + 1), value, count=1)
            elif value:
                yield from (f"{value}x", f"{value}/other")
            yield from (other for other in _STRINGS if other != value)
        case list():
            if value:
                yield value[:-1]
            yield from ([*value, other] for other in _ITEMS)
        case dict():
            yield from ({"other": other} for other in _ITEMS)
        case None:
            yield from _STRINGS
