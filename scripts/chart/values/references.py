"""References of a schema into itself."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def followed(part: Schema, root: Schema) -> Schema:
    """Return `part` with its `$ref` into `root` followed; what stands beside it stays."""
    while "$ref" in part:
        target: Any = root
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return part
