"""GitHub's own description of its API (OpenAPI 3.0): which operation a call is, and whether it is as described."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_URI = "urn:github"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or bool(_TIME.fullmatch(value)))


@dataclass(frozen=True)
class Operation:
    """An operation of the API, and the names in a call's path."""

    method: str
    template: str
    names: dict[str, str]

    @property
    def pointer(self) -> str:
        """Where it stands in the description."""
        return f"/paths/{_escaped(self.template)}/{self.method.lower()}"


class Description:
    """The description in a file."""

    def __init__(self, file: Path) -> None:
        self._document = _as_json_schema(json.loads(file.read_text(encoding="utf-8")))
        self._registry = Registry().with_resource(_URI, Resource.from_contents(self._document, DRAFT202012))
        self._validators: dict[int, Draft202012Validator] = {}
        self._operations: dict[tuple[str, str], Operation] = {}
        self._templates = [(template, _pattern(template)) for template in self._document["paths"]]

    def operation(self, method: str, path: str) -> Operation:
        """Return the operation that a call is; of two the one with more of its own words."""
        if (method, path) in self._operations:
            return self._operations[method, path]
        found = [
            Operation(method, template, match.groupdict())
            for template, pattern in self._templates
            if (match := pattern.fullmatch(path)) and method.lower() in self._document["paths"][template]
        ]
        assert found, f"GitHub has no {method} {path}"
        best = min(found, key=lambda operation: len(operation.names))
        return self._operations.setdefault((method, path), best)

    def wrong_request(self, operation: Operation, query: dict[str, str], body: Any) -> Iterator[str]:
        """Yield what of a request is not as described; what the description does not name is wrong too."""
        found = self._at(operation.pointer)
        parameters = {one["name"]: one for one in map(self._followed, found.get("parameters", []))}
        for name, text in (query | operation.names).items():
            if name not in parameters:
                yield f"{operation.template}: no parameter {name}"
                continue
            schema = parameters[name]["schema"]
            value = int(text) if schema.get("type") == "integer" and text.isdigit() else text
            yield from self._wrong(schema, value, f"{operation.template}: {name}")
        described = found.get("requestBody")
        if body is None:
            if described and described.get("required"):
                yield f"{operation.template}: a body is needed"
            return
        if not described:
            yield f"{operation.template}: takes no body"
            return
        schema = described["content"]["application/json"]["schema"]
        yield from self._wrong(schema, body, operation.template)
        known = schema.get("properties", {}).keys()
        yield from (f"{operation.template}: no field {name}" for name in body.keys() - known)

    def wrong_answer(self, operation: Operation, status: int, data: Any) -> Iterator[str]:
        """Yield what of an answer is not as described."""
        answer = self._answer(operation, status)
        if answer is None:
            yield f"{operation.template}: no answer {status}"
        elif "content" in answer:
            schema = next(iter(answer["content"].values()))["schema"]
            yield from self._wrong(schema, data, f"{operation.template} {status}")
        elif data is not None:
            yield f"{operation.template} {status}: has no body"

    def example(self, operation: Operation, status: int) -> Any:
        """Return a copy of the description's own example of an answer."""
        answer = self._answer(operation, status)
        assert answer
        examples = next(iter(answer["content"].values()))["examples"]
        return copy.deepcopy(self._followed(next(iter(examples.values())))["value"])

    def _answer(self, operation: Operation, status: int) -> dict[str, Any] | None:
        answers = self._at(operation.pointer)["responses"]
        return self._followed(answers[str(status)]) if str(status) in answers else None

    def _wrong(self, schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        # By identity, as the document lives as long as we do.
        if id(schema) not in self._validators:
            self._validators[id(schema)] = Draft202012Validator(
                _absolute(schema), registry=self._registry, format_checker=_FORMATS
            )
        errors = self._validators[id(schema)].iter_errors(value)
        yield from (f"{where}: {error.json_path}: {error.message[:300]}" for error in errors)

    def _at(self, pointer: str) -> Any:
        found: Any = self._document
        for part in pointer.strip("/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found

    def _followed(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            node = self._at(node["$ref"].removeprefix("#").removeprefix(_URI + "#"))
        return node


def _absolute(node: Any) -> Any:
    """Return a part of the document whose references still begin at the document's root."""
    if isinstance(node, dict):
        return {
            key: _URI + value if key == "$ref" and value.startswith("#") else _absolute(value)
            for key, value in node.items()
        }
    return [_absolute(item) for item in node] if isinstance(node, list) else node


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


def _as_json_schema(node: Any) -> Any:
    """Return the document with OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _as_json_schema(value) for key, value in node.items()}
    if found.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, found]}
    return found
