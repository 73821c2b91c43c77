"""Check what a chart's values.schema.json does: it must take every default, and refuse a wrong value by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft7Validator

from idag.render.manifests import load
from idag.schemas.structural import Schema
from scripts.chart.values.references import followed

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
        self.values: dict[str, Any] = load((chart / "values.yaml").read_text(encoding="utf-8")) or {}
        self.schema: Schema = load((chart / "values.schema.json").read_text(encoding="utf-8"))

    def faults(self) -> list[str]:
        """Say which defaults the schema refuses."""
        return [
            f"{'.'.join(map(str, error.absolute_path))}: the default is refused: {error.message}"
            for error in Draft7Validator(self.schema).iter_errors(self.values)
        ]

    def leaves(self) -> list[Value]:
        """Every key of values.yaml down to where the schema names no further keys."""
        return list(self._leaves(self.values, self.schema, ""))

    def wrong(self, schema: Schema) -> list[Any]:
        """A sample of each JSON type that the schema of one value does not allow."""
        whole = {**followed(schema, self.schema), "$defs": self.schema.get("$defs", {})}
        kinds = whole.get("type", [])
        allowed = {kinds} if isinstance(kinds, str) else set(kinds)
        if "integer" in allowed:
            allowed.add("number")
        validator = Draft7Validator(whole)
        # Samples of an allowed type are left out: a free string may well accept "wrong type".
        return [sample for kind, sample in _SAMPLES if kind not in allowed and not validator.is_valid(sample)]

    def _leaves(self, values: dict[str, Any], schema: Schema, prefix: str) -> Iterator[Value]:
        for key, value in values.items():
            child = followed(followed(schema, self.schema)["properties"][key], self.schema)
            # Resources and the like are one value to a user: they have a description of their own.
            if isinstance(value, dict) and "properties" in child and "description" not in child:
                yield from self._leaves(value, child, f"{prefix}{key}.")
            else:
                yield Value(f"{prefix}{key}", value, child)
