"""Every value that the chart's schema describes: where it stands and what may stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from jsonschema import Draft7Validator, FormatChecker

from scripts.chart.render.project import CHART
from scripts.chart.values.references import followed

Json = Any
SCHEMA: dict[str, Json] = json.loads((CHART / "values.schema.json").read_text())
# Stands for any key of a map whose keys are the user's own; a quota's keys are names of resources.
ANY = "any"
KEYS = (ANY, "cpu", "pods")
# What a workload's placement needs beside each of its texts and numbers: an entry of pods.
_CHOSEN: Json = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["any"]}]}
_NODES: Json = _CHOSEN | {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["any"]}]}
_NEAR: Json = {"topologyKey": "zone", "labelSelector": _CHOSEN, "namespaceSelector": _CHOSEN}
_PODS: Json = {
    "requiredDuringSchedulingIgnoredDuringExecution": [_NEAR],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": _NEAR}],
}
PLACEMENT: Json = {
    "tolerations": [{"key": "any", "operator": "Equal", "value": "any", "effect": "NoExecute"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_NODES]},
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": _NODES}],
        },
        "podAffinity": _PODS,
        "podAntiAffinity": _PODS,
    },
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": _CHOSEN}
    ],
}
PODS: Json = dict.fromkeys(SCHEMA["properties"]["pods"]["properties"], PLACEMENT)
# Of the schema alone: what it says of a rule's parts stands below the rule.
_CHOICES = ("anyOf", "oneOf", "allOf")


class Place(NamedTuple):
    """One value. `path` holds keys, and 0 for the items of a list; `schema` is what it must keep."""

    path: tuple[str | int, ...]
    schema: dict[str, Json]

    @property
    def types(self) -> set[str]:
        """The JSON types that may stand here; a schema that lists its values has none."""
        found = self.schema.get("type", [])
        return {found} if isinstance(found, str) else set(found)

    def allows(self, value: Json) -> bool:
        """Whether the schema takes `value` here."""
        return Draft7Validator(
            {**self.schema, "$defs": SCHEMA["$defs"]}, format_checker=FormatChecker(["regex"])
        ).is_valid(value)

    def __str__(self) -> str:
        return ".".join(map(str, self.path))


def places(schema: dict[str, Json] = SCHEMA, path: tuple[str | int, ...] = ()) -> Iterator[Place]:
    """Yield every place at which a single value stands, each of several choices apart."""
    schema = followed(schema, SCHEMA)
    inner = [choice for name in _CHOICES for choice in schema.get(name, [])]
    for choice in inner:
        yield from places(choice, path)
    for key, value in schema.get("properties", {}).items():
        yield from places(value, (*path, key))
    for name, key in (("additionalProperties", ANY), ("items", 0)):
        if isinstance(schema.get(name), dict):
            yield from places(schema[name], (*path, key))
    for pattern, value in schema.get("patternProperties", {}).items():
        # False: keys of that pattern are refused.
        if isinstance(value, dict):
            yield from places(value, (*path, next(key for key in KEYS if re.search(pattern, key))))
    if not inner and not {"properties", "additionalProperties", "patternProperties", "items"} & schema.keys():
        yield Place(path, schema)


def put(values: Json, path: tuple[str | int, ...], value: Json) -> Json:
    """Return `values` with `value` at `path`; lists keep their other items, and what is missing is made."""
    if not path:
        return value
    key, *rest = path
    if isinstance(key, int):
        items = list(values) if isinstance(values, list) else []
        return [put(items[0] if items else None, tuple(rest), value), *items[1:]]
    known = dict(values) if isinstance(values, dict) else {}
    return known | {key: put(known.get(key), tuple(rest), value)}
