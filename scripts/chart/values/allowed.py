"""What a JSON schema allows, in words."""

from __future__ import annotations

import json
from typing import Any


def code(value: Any) -> str:
    """Return a value as JSON in backticks."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def allowed(schema: dict[str, Any]) -> str:
    """Return type and limits of a value: ``integer, 1 to 1000``."""
    if "enum" in schema:
        return "one of " + ", ".join(code(item) for item in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(allowed(item) for item in schema["anyOf"])
    kind = str(schema.get("type", "any"))
    limits = [*_range(schema), *_shape(schema), *_sizes(schema)]
    return ", ".join([_list(schema.get("items", {})) if kind == "array" else kind, *limits])


def _list(items: dict[str, Any]) -> str:
    fields = ", ".join(items.get("properties", {}))
    return f"list of {{{fields}}}" if fields else f"list of {items.get('type', 'any')}s"


def _range(schema: dict[str, Any]) -> list[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return [f"{low} to {high}"]
    words = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
    return [f"{word} {schema[name]}" for name, word in words.items() if name in schema]


def _shape(schema: dict[str, Any]) -> list[str]:
    shape = [f"`{schema['pattern']}`"] if "pattern" in schema else []
    shape += [f"not `{schema['not']['pattern']}`"] if "not" in schema else []
    shape += [f"multiple of {schema['multipleOf']:f}"] if "multipleOf" in schema else []
    if "properties" in schema:
        shape.append("keys " + ", ".join(f"`{name}`" for name in schema["properties"]))
    return [*shape, *(["each once"] if schema.get("uniqueItems") else [])]


def _sizes(schema: dict[str, Any]) -> list[str]:
    found = []
    for suffix, what in (("Length", "characters"), ("Items", "items"), ("Properties", "keys")):
        least, most = schema.get(f"min{suffix}", 0), schema.get(f"max{suffix}")
        if most is not None:
            found.append(f"{least} to {most} {what}")
        elif least:
            found.append("not empty" if least == 1 else f"at least {least} {what}")
    return found
