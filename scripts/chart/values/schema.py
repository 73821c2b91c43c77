"""values.schema.json, made from the entries of values.yaml.

A value's type is that of its default unless its rule says another. `required: false` in a rule lets a values file leave
the key empty; `required: defaults` demands every key of the default. `$ref` names a shape: beside other words it is
taken over and they are added, alone it stays a reference. Rules of values that are a parameter's default are the
parameter's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from idag.yaml_reader import load, read_text
from implementation_dag.contract.parameters import BY_NAME, PARAMETERS
from implementation_dag.contract.repository_schema import REQUEST_PATH, SET_KEY, SET_VALUE
from implementation_dag.contract.repository_schema import schema as of_repository

from .entries import Entry, Schema, ValuesError, values

SHAPES = Path(__file__).with_name("shapes.yaml")
# Helm hands them to a chart that is a part of another.
OF_PARENT_CHARTS: dict[str, Schema] = {
    "global": {"type": "object", "description": "Values of parent charts; not used."},
    "enabled": {"type": "boolean", "description": "Condition of a parent chart; not used."},
}
_KINDS: dict[type, str] = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip
# A rule that says by itself what a value may be.
_TYPED = {"type", "$ref", "enum", "anyOf"}


def made(entries: tuple[Entry, ...]) -> Schema:
    """Return the schema. Raises ValuesError when a rule names a shape that is not there."""
    shapes = _Shapes()
    whole = _section(entries, shapes)
    whole["properties"] |= OF_PARENT_CHARTS
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of implementation-dag",
        **whole,
        "$defs": shapes.used(),
    }


def of_values(entries: tuple[Entry, ...], schema: Schema) -> dict[str, Schema]:
    """Return path → its part of the schema, of each value."""
    found = {}
    for entry in values(entries):
        part = schema
        for key in entry.path.split("."):
            part = part["properties"][key]
        found[entry.path] = part
    return found


class _Shapes:
    """Shapes by their names: those of shapes.yaml, and those whose limits are the contract's."""

    def __init__(self) -> None:
        self.known: dict[str, Schema] = load(read_text(SHAPES)) | {one.name: one.limits.schema for one in PARAMETERS}
        self.known |= {"setKey": SET_KEY.schema, "setValue": SET_VALUE.schema, "requestPath": REQUEST_PATH.schema}
        self.known |= _repositories()
        self.known["repositorySetting"] = {"enum": list(of_repository()["properties"])}
        self._used: dict[str, Schema] = {}

    def used(self) -> dict[str, Schema]:
        """The shapes that something refers to."""
        return dict(sorted(self._used.items()))

    def expanded(self, rule: Any, path: str) -> Any:
        """Return `rule` with its references as JSON schema has them."""
        if isinstance(rule, list):
            return [self.expanded(item, path) for item in rule]
        if not isinstance(rule, dict):
            return rule
        if "propertyNames" in rule:
            # In this form Helm 4's validator names the value that has such a key; of propertyNames it names any.
            names = rule["propertyNames"]
            pattern = (self.known[names["$ref"]] if "$ref" in names else names)["pattern"]
            kept = {key: value for key, value in rule.items() if key != "propertyNames"}
            values = {pattern: rule["additionalProperties"]}
            rule = {**kept, "patternProperties": values, "additionalProperties": False}
        inner = {key: self.expanded(value, path) for key, value in rule.items() if key != "$ref"}
        if "$ref" not in rule:
            return inner
        name = rule["$ref"]
        if name not in self.known:
            raise ValuesError(f"{path}: $ref is {name!r}: must be one of {', '.join(sorted(self.known))}")
        if inner:
            return _over(self.expanded(self.known[name], name), inner)
        if name not in self._used:
            self._used[name] = {}
            self._used[name] = self.expanded(self.known[name], name)
        return {"$ref": f"#/$defs/{name}"}


def _repositories() -> dict[str, Schema]:
    """Shapes of <owner>/<repo>, as the parameters of these names are."""
    owner, repo = (BY_NAME[name].limits.schema for name in ("owner", "repo"))
    never = {"not": {"pattern": f"^[^/]*/{repo['not']['pattern'][1:-1]}$"}}

    def of(pattern: str) -> Schema:
        return {"type": "string", "pattern": f"^{pattern}$", "maxLength": 140} | never

    its_owner, its_name = owner["pattern"][1:-1], repo["pattern"][1:-1]
    return {
        "repositoryOrEmpty": of(f"(?:{its_owner}/{its_name})?"),
        "repositoryOrAll": of(f"{its_owner}/(?:{its_name}|[*])"),
    }


def _section(entries: tuple[Entry, ...], shapes: _Shapes) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        # Helm drops what a values file leaves empty.
        "required": [entry.name for entry in entries if entry.rule.get("required") is not False],
        "properties": {
            entry.name: _section(entry.inner, shapes) if entry.inner else _value(entry, shapes) for entry in entries
        },
    }


def _value(entry: Entry, shapes: _Shapes) -> Schema:
    rule = {key: value for key, value in entry.rule.items() if (key, value) != ("required", False)}
    for one in PARAMETERS:
        if one.setting == entry.path:
            rule["$ref"] = one.name
    if rule.get("required") == "defaults":
        rule["required"] = list(entry.default)
    if not _TYPED & rule.keys():
        rule = {"type": _KINDS[type(entry.default)], **rule}
    described: Schema = {"description": entry.comment} | shapes.expanded(rule, entry.path)
    return described


def _over(below: Schema, above: Schema) -> Schema:
    """Return `below` with `above` put over it, mapping by mapping."""
    both = {
        key: _over(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return {**below, **both}
