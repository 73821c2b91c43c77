"""The values keys of a chart: what a user can set, read from values.yaml and, where there is one, its schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from idag.yaml_reader import load, read_text
from scripts.chart.values.references import followed

Path = tuple[str, ...]


def dotted(path: Path) -> str:
    """Return the path as users write it; a key that holds a dot is put into brackets."""
    return ".".join(f"[{key}]" if "." in key else key for key in path)


@dataclass(frozen=True)
class Values:
    """Defaults and schema of a chart. `keys` can be set, `sections` only hold keys."""

    defaults: dict[str, Any]
    schema: dict[str, Any]
    keys: tuple[Path, ...]
    sections: frozenset[Path]

    def holds(self, path: Path) -> bool:
        """Whether values.yaml has the path."""
        return get(self.defaults, path) is not ABSENT

    def default(self, path: Path) -> Any:
        """The default at the path."""
        return get(self.defaults, path)

    def schema_of(self, path: Path) -> dict[str, Any]:
        """The schema of a key or section, references followed; empty when there is none."""
        node = self.schema
        for key in path:
            node = followed(node, self.schema)
            inner = node.get("properties", {}).get(key, node.get("additionalProperties"))
            node = inner if isinstance(inner, dict) else {}
        return followed(node, self.schema)


ABSENT = object()


def read(chart: File) -> Values:
    """Return the values of the chart in the folder. A map whose keys are the user's own counts as one key."""
    defaults = load(read_text(chart / "values.yaml"), str(chart / "values.yaml")) or {}
    schema_file = chart / "values.schema.json"
    schema = json.loads(schema_file.read_text(encoding="utf-8")) if schema_file.is_file() else {}
    keys: list[Path] = []
    sections: set[Path] = set()
    empty = Values(defaults, schema, (), frozenset())

    def collect(value: Any, path: Path) -> None:
        if isinstance(value, dict) and value and _closed(empty, path):
            if path:
                sections.add(path)
            for key, inner in value.items():
                collect(inner, (*path, key))
        else:
            keys.append(path)

    collect(defaults, ())
    return Values(defaults, schema, tuple(keys), frozenset(sections))


def get(values: Any, path: Path) -> Any:
    """The value at the path, or a mark that equals nothing else when it is absent."""
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return ABSENT
        values = values[key]
    return values


def _closed(values: Values, path: Path) -> bool:
    if not values.schema:
        return True
    return "properties" in values.schema_of(path)
