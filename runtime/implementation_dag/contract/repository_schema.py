"""The JSON schema of `.implementation-dag.yaml`, made from the contract; docs/implementation-dag.schema.json is it.

`title` says what a field is, `description` what it may be: messages end in it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .parameters import BY_NAME, RELATIVE_PATH, THRESHOLDS, Number, Parameter, Text
from .stages import TASKS

Schema = dict[str, Any]

_SET_NAME = r"(?:[A-Za-z0-9_/-]|\\\.)+(?:\[[0-9]{1,2}\])*"
# Keys and values of deploy.set too, of which there the length is the operator's own.
SET_KEY = Text("names joined by dots, such as ingress.hosts[0].host", rf"{_SET_NAME}(?:\.{_SET_NAME})*")
SET_VALUE = Text(
    "at most 500 characters, with a backslash before commas, braces and backslashes but those of "
    "{tag}, {digest}, {host}, {pr}, {commit}",
    r"(?:[^\x00-\x1f\x7f,{}\\]|\\[ -~]|\{(?:tag|digest|host|pr|commit)\})*",
)
# A fragment never reaches a server.
REQUEST_PATH = Text("a path that starts with '/', in visible ASCII, without '#'", '/[!-"$-~]*', most=2048)
# Limit as values and the file write it → its parameter.
LIMITS = {one.setting.removeprefix("defaults."): one for one in THRESHOLDS}


@cache
def schema() -> Schema:
    """Return the schema of the whole file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _mapping(
        "What a repository says of itself to implementation-dag, in its file .implementation-dag.yaml",
        "a mapping",
        {
            "chartPath": _text(
                RELATIVE_PATH, "The application's chart, in place of the default of the argument chartPath."
            ),
            "valuesFiles": _list(
                "Values files of previews, the later one wins, in place of the default of the argument valuesFile.",
                "a list of at most 10 paths",
                _text(BY_NAME["valuesFile"].limits),
                maxItems=10,
            ),
            "set": _set(),
            "annotationsKey": _text(
                SET_KEY,
                "Value of the chart that takes the annotations of its Ingress, "
                "in place of the operator's deploy.ingress.annotationsKey.",
            )
            | {"maxLength": 200},
            "healthPath": _text(
                REQUEST_PATH,
                "Path that must answer below 400 before acceptance begins, "
                "in place of the operator's deploy.healthPath.",
            ),
            "paths": _list(
                "Paths that acceptance asks each host for, in place of the operator's acceptance.paths.",
                "a list of 1 to 50 entries {path, status}",
                _expected_path(),
                minItems=1,
                maxItems=50,
            ),
            "limits": _mapping(
                "Limits of acceptance. None may be weaker than the operator's defaults; "
                "of these and a run's arguments the stricter counts.",
                f"a mapping of {' and '.join(', '.join(LIMITS).rsplit(', ', 1))}",
                {name: _limit(one) for name, one in LIMITS.items()},
            ),
            "requiredStages": _list(
                "Stages without which this repository's changes are not to pass. "
                "All run anyway: a release that lacks one refuses the file.",
                "a list of stages",
                {"enum": [*TASKS.values()], "description": f"one of {', '.join(TASKS.values())}"},
                maxItems=10,
            ),
        },
    )


def _set() -> Schema:
    return {
        "title": "Values given to helm with --set-string, in place of all of the operator's deploy.set.",
        "type": "object",
        "maxProperties": 50,
        "description": "a mapping of at most 50 keys to texts",
        "propertyNames": _text(SET_KEY) | {"maxLength": 200},
        "additionalProperties": _text(SET_VALUE) | {"maxLength": 500},
    }


def _expected_path() -> Schema:
    status = {
        "type": "integer",
        "minimum": 200,
        "maximum": 399,
        "description": "a whole number from 200 to 399: what is no success cannot be called one here",
    }
    statuses = _list(
        "Statuses that count as success; left out: 200.", "a list of 1 to 20 statuses", status, minItems=1, maxItems=20
    )
    fields = {"path": _text(REQUEST_PATH), "status": statuses}
    return _mapping("", "a mapping {path, status}", fields) | {"required": ["path"]}


def _limit(one: Parameter) -> Schema:
    # Of a decimal number multipleOf is beyond binary floats; the reader of the file counts its decimals.
    rule = {key: value for key, value in one.limits.schema.items() if key != "multipleOf"}
    return {"title": one.description} | rule | {"description": one.allowed}


def _text(limits: Text | Number, title: str = "") -> Schema:
    rule = limits.schema
    # To Python's $ a line break at the end is nothing.
    rule["pattern"] += r"(?!\n)"
    return _titled(title) | rule | {"description": limits.allowed}


def _list(title: str, allowed: str, items: Schema, **sizes: int) -> Schema:
    return _titled(title) | {"type": "array"} | sizes | {"description": allowed, "items": items}


def _mapping(title: str, allowed: str, fields: Schema) -> Schema:
    rule = {"type": "object", "additionalProperties": False, "description": allowed, "properties": fields}
    return _titled(title) | rule


def _titled(title: str) -> Schema:
    return {"title": title} if title else {}
