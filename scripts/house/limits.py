"""Limits of the workflow's parameters that people keep in more than one file."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

import yaml

from .cost import VALUES, spellings
from .files import Files

WORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "maxLength", "minLength", "enum")


def limits_spelled_twice(files: Files) -> dict[str, list[str]]:
    """Return parameter → the files that spell a limit of it, where they are more than one.

    A JSON schema does by a property of that name with a limit; Python by a call that is given the name first and a
    number or a pattern beside it.
    """
    names = list(yaml.safe_load(files.texts[VALUES])["defaults"])
    found: dict[str, set[str]] = {name: set() for name in names}
    spelled = [(path, limited) for path, text in files.texts.items() for limited in _limited(path, text)]
    for path, limited in spelled:
        for name in names:
            if spellings(name).fullmatch(limited):
                found[name].add(path)
    return {name: sorted(paths) for name, paths in found.items() if len(paths) > 1}


def _limited(path: str, text: str) -> Iterator[str]:
    if path.endswith(".schema.json"):
        yield from _in_schema(json.loads(text))
    elif path.endswith(".py") and path.startswith(("runtime/", "scripts/", "idag/")):
        calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
        yield from (name for call in calls if (name := _first(call)) and _bounds(call))


def _in_schema(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from (
                name for name, one in properties.items() if isinstance(one, dict) and any(w in one for w in WORDS)
            )
        for inner in schema.values():
            yield from _in_schema(inner)


def _first(call: ast.Call) -> str:
    one = call.args[0] if call.args else None
    return one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else ""


def _bounds(call: ast.Call) -> bool:
    """Whether a number of its own, or a call that makes a limit, stands beside the name."""
    beside = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    return any(isinstance(one, ast.Constant) and type(one.value) in (int, float) for one in beside) or any(
        isinstance(one, ast.Call) and getattr(one.func, "id", "") in ("Number", "Text") for one in beside
    )
