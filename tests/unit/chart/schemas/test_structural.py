"""What a CRD's schema becomes: strict, and with the API server's own additions to OpenAPI understood."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from idag.schemas import SchemaError
from idag.schemas.structural import strict_schemas


def crd(spec: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}
    return {"spec": {"group": "example.org", "names": {"kind": "Thing"}, "versions": [version]}}


def accepts(spec_schema: dict[str, Any], spec: Any) -> bool:
    validator = Draft202012Validator(strict_schemas(crd(spec_schema))["v1"])
    item = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}
    return bool(validator.is_valid(item))


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "object", "properties": {"a": TEXT}}, {"a": "x"}, {"a": "x", "b": 1}),
        ({"type": "object"}, {}, {"a": 1}),
        ({"type": "object", "additionalProperties": TEXT}, {"a": "x"}, {"a": 1}),
        (
            {"type": "object", "properties": {"a": TEXT}, "x-kubernetes-preserve-unknown-fields": True},
            {"b": 1},
            {"a": 1},
        ),
        ({"x-kubernetes-int-or-string": True}, 8080, 80.5),
        ({"type": "string", "nullable": True}, None, 1),
        ({"type": "string", "nullable": True, "enum": ["a"]}, None, "b"),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 2, 1),
        ({"type": "string", "pattern": "^(?i)(abort|warn)?$"}, "WARN", "stop"),
        (
            {
                "type": "object",
                "properties": {"a": TEXT, "b": TEXT},
                "oneOf": [{"required": ["a"]}, {"properties": {"b": {}}, "required": ["b"]}],
            },
            {"a": "x"},
            {"a": "x", "b": "y"},
        ),
    ],
)
def test_the_strict_schema_takes_the_good_and_refuses_the_bad(schema: dict[str, Any], good: Any, bad: Any) -> None:
    assert accepts(schema, good)
    assert not accepts(schema, bad)


def test_an_object_needs_the_version_and_kind_of_its_schema() -> None:
    validator = Draft202012Validator(strict_schemas(crd({"type": "object"}))["v1"])
    assert validator.is_valid({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"generateName": "a-"}})
    assert not validator.is_valid({"apiVersion": "example.org/v2", "kind": "Thing", "metadata": {"name": "a"}})
    assert not validator.is_valid({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {}})
    assert not validator.is_valid({"apiVersion": "example.org/v1", "kind": "Thing"})


def test_what_repeats_is_written_once_and_means_the_same() -> None:
    container = {"type": "object", "properties": {f"field-number-{number}": TEXT for number in range(9)}}
    both = {"type": "object", "properties": {"first": container, "second": container}}
    schema = strict_schemas(crd(both))["v1"]
    assert len(schema["$defs"]) == 1
    assert accepts(both, {"first": {"field-number-1": "x"}, "second": {}})
    assert not accepts(both, {"second": {"field-number-9": "x"}})


def test_a_version_without_a_schema_is_an_error() -> None:
    item = crd({})
    del item["spec"]["versions"][0]["schema"]
    with pytest.raises(SchemaError, match=r"Thing example\.org/v1 has no openAPIV3Schema"):
        strict_schemas(item)
