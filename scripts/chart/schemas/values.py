"""Check a chart's values.schema.json itself: it must describe every value, and refuse a wrong one by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from scripts.chart.readme.values import OF_PARENT_CHARTS
from scripts.chart.render.manifests import load
from scripts.chart.schemas.structural import Schema

# No null: to Helm it means that the default is taken away.
_SAMPLES: tuple[tuple[str, Any], ...] = (
    ("object", {"wrong": "type"}),
    ("array", [["wrong type"]]),
    ("string", "wrong type"),
    ("number", -4.5),
    ("boolean", True),
)


class Value(NamedTuple):
    """One key of values.yaml that holds no further described keys. `path` is `preview.ttlHours`."""

    path: str
    default: Any
    schema: Schema


class ValuesSchema:
    """values.yaml and values.schema.json of a chart."""

    def __init__(self, chart: Path) -> None:
        text = (chart / "values.yaml").read_text(encoding="utf-8")
        self.values: dict[str, Any] = load(text) or {}
        self.lines = text.splitlines()
        self.commented: CommentedMap = YAML().load(text)
        self.schema: Schema = load((chart / "values.schema.json").read_text(encoding="utf-8"))

    def faults(self) -> list[str]:
        """Say what the two files do not agree in: keys, descriptions, and defaults that the schema refuses."""
        found = [
            f"{'.'.join(map(str, error.absolute_path))}: the default is refused: {error.message}"
            for error in Draft7Validator(self.schema).iter_errors(self.values)
        ]
        return found + list(self._disagreements(self.values, self.schema, self.commented, ""))

    def leaves(self) -> list[Value]:
        """Every key of values.yaml down to where the schema names no further keys."""
        return list(self._leaves(self.values, self.schema, ""))

    def resolved(self, schema: Schema) -> Schema:
        """The schema with its `$ref` into this file followed."""
        while "$ref" in schema:
            target: Any = self.schema
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema

    def wrong(self, schema: Schema) -> list[Any]:
        """A sample of each JSON type that the schema of one value does not allow."""
        whole = {**self.resolved(schema), "$defs": self.schema.get("$defs", {})}
        kinds = whole.get("type", [])
        allowed = {kinds} if isinstance(kinds, str) else set(kinds)
        if "integer" in allowed:
            allowed.add("number")
        validator = Draft7Validator(whole)
        # Samples of an allowed type are left out: a free string may well accept "wrong type".
        return [sample for kind, sample in _SAMPLES if kind not in allowed and not validator.is_valid(sample)]

    def _disagreements(
        self, values: dict[str, Any], schema: Schema, commented: CommentedMap, prefix: str
    ) -> Iterator[str]:
        properties = self.resolved(schema).get("properties", {})
        if self.resolved(schema).get("additionalProperties") is not False:
            yield f"{prefix or 'the root'}: additionalProperties is not false: a mistyped key would be taken"
        for key in values.keys() - properties.keys():
            yield f"{prefix}{key}: in values.yaml, not in values.schema.json"
        for key in properties.keys() - values.keys() - {*OF_PARENT_CHARTS}:
            yield f"{prefix}{key}: in values.schema.json, not in values.yaml"
        for key in [key for key in values if key in properties]:
            child = self.resolved(properties[key])
            if self._is_branch(values[key], child):
                yield from self._disagreements(values[key], child, commented[key], f"{prefix}{key}.")
                continue
            comment = self._comment(commented, key)
            description = child.get("description", "")
            if not description:
                yield f"{prefix}{key}: no description in values.schema.json"
            elif comment != description:
                yield f"{prefix}{key}: values.yaml says {comment!r}, values.schema.json {description!r}"

    def _leaves(self, values: dict[str, Any], schema: Schema, prefix: str) -> Iterator[Value]:
        for key, value in values.items():
            child = self.resolved(self.resolved(schema).get("properties", {}).get(key, {}))
            if self._is_branch(value, child):
                yield from self._leaves(value, child, f"{prefix}{key}.")
            else:
                yield Value(f"{prefix}{key}", value, child)

    def _is_branch(self, value: Any, schema: Schema) -> bool:
        # Resources and the like are one value to a user: they have a description of their own.
        return isinstance(value, dict) and "properties" in schema and "description" not in schema

    def _comment(self, commented: CommentedMap, key: str) -> str:
        """The comment right above the key, as one line."""
        line = commented.lc.key(key)[0]
        found: list[str] = []
        while line > 0 and self.lines[line - 1].lstrip().startswith("#"):
            line -= 1
            found.insert(0, self.lines[line].strip().removeprefix("#").strip())
        return " ".join(found)
