"""The documented values of a chart: each with its comment, its default and its place in the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.chart.render.manifests import load

Schema = dict[str, Any]
# Helm hands them to a chart that is a part of another.
OF_PARENT_CHARTS = ("global", "enabled")


class ValuesError(Exception):
    """values.yaml and values.schema.json do not describe the same values; the text has one line a key."""


@dataclass(frozen=True)
class Value:
    """One documented value; `key` is its path (``git.baseUrl``), `schema` its part of the schema, $ref resolved."""

    key: str
    comment: str
    default: Any
    schema: Schema


def read(chart: Path) -> list[Value]:
    """Return the values in the order of values.yaml.

    A mapping with a comment of its own is one value; a mapping without one is a section.
    Raises ValuesError that names every key without comment or schema, or whose two descriptions differ.
    """
    text = (chart / "values.yaml").read_text()
    schema = json.loads((chart / "values.schema.json").read_text())
    found, wrong = [], {}
    nodes = yaml.compose(text, yaml.CSafeLoader)
    for key, comment, default, part in _walk(nodes, load(text), schema, schema, text, ""):
        if part is None:
            wrong[key] = "in values.yaml, not in values.schema.json"
        elif not comment:
            wrong[key] = "no comment above it in values.yaml"
        elif comment != part.get("description"):
            wrong[key] = f"the comment is {comment!r}, the schema's description {part.get('description')!r}"
        else:
            found.append(Value(key, comment, default, part))
    known = {value.key for value in found} | wrong.keys()
    wrong |= {
        key: "in values.schema.json, not in values.yaml" for key in _described(schema, schema) if key not in known
    }
    if wrong:
        raise ValuesError("\n".join(f"{key}: {why}" for key, why in wrong.items()))
    return found


def _walk(
    node: Any, data: Any, schema: Schema, root: Schema, text: str, prefix: str
) -> Iterator[tuple[str, str, Any, Schema | None]]:
    for key_node, value_node in node.value:
        key, comment = f"{prefix}{key_node.value}", _comment(text, key_node.start_mark.line)
        part = schema.get("properties", {}).get(key_node.value)
        part = None if part is None else _resolved(part, root)
        value = data[key_node.value]
        if part is not None and not comment and "properties" in part and isinstance(value, dict):
            yield from _walk(value_node, value, part, root, text, f"{key}.")
        else:
            yield key, comment, value, part


def _comment(text: str, line: int) -> str:
    """Return the comment lines that stand directly above `line`, as one text."""
    words: list[str] = []
    for above in reversed(text.splitlines()[:line]):
        if not above.lstrip().startswith("#"):
            break
        words.insert(0, above.lstrip().removeprefix("#").strip())
    return " ".join(words)


def _resolved(part: Schema, root: Schema) -> Schema:
    target: Any = root
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return {**target, **{key: value for key, value in part.items() if key != "$ref"}}


def _described(part: Schema, root: Schema, prefix: str = "") -> Iterator[str]:
    for name, reference in part.get("properties", {}).items():
        inner = _resolved(reference, root)
        if "properties" in inner and "description" not in inner:
            yield from _described(inner, root, f"{prefix}{name}.")
        elif f"{prefix}{name}" not in OF_PARENT_CHARTS:
            yield f"{prefix}{name}"
