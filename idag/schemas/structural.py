"""Turn a CRD's OpenAPI schema into a strict JSON schema: what the API server would drop is refused.

The rules are those of structural schemas: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/
custom-resource-definitions/#specifying-a-structural-schema. CEL rules (x-kubernetes-validations) are not kept:
only the API server runs them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator

from idag.schemas.errors import SchemaError

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_KEPT = (
    *("enum", "pattern", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems"),
    *("minProperties", "maxProperties", "required", "uniqueItems"),
)
_JUNCTORS = ("allOf", "anyOf", "oneOf")
_SHARED_FROM_BYTES = 160
_TEXT_MAP: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
# What a person may write; the API server fills the rest.
_METADATA: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 253},
        "generateName": {"type": "string", "maxLength": 253},
        "namespace": {"type": "string", "maxLength": 63},
        "labels": _TEXT_MAP,
        "annotations": _TEXT_MAP,
        "finalizers": {"type": "array", "items": {"type": "string"}},
        "ownerReferences": {"type": "array", "items": {"type": "object"}},
        "creationTimestamp": {"type": "null"},
    },
    "anyOf": [{"required": ["name"]}, {"required": ["generateName"]}],
}


def strict_schemas(crd: Schema) -> dict[str, Schema]:
    """Return the strict JSON schema of each served version of a CustomResourceDefinition (apiextensions.k8s.io/v1).

    Raises SchemaError when a version has no schema or a pattern that Python cannot read.
    """
    names, group = crd["spec"]["names"], crd["spec"]["group"]
    schemas = {}
    for version in crd["spec"]["versions"]:
        if not version.get("served", True):
            continue
        where = f"{names['kind']} {group}/{version['name']}"
        openapi = version.get("schema", {}).get("openAPIV3Schema")
        if not openapi:
            raise SchemaError(f"CRD {where} has no openAPIV3Schema: nothing can be checked with it")
        root = _strict(openapi, where, keep_open=False)
        root["properties"] = root.get("properties", {}) | {
            "apiVersion": {"const": f"{group}/{version['name']}"},
            "kind": {"const": names["kind"]},
            "metadata": _METADATA,
        }
        root["required"] = sorted({*root.get("required", ()), "apiVersion", "kind", "metadata"})
        schemas[version["name"]] = {"$schema": _DRAFT, **_shared(root)}
        try:
            Draft202012Validator.check_schema(schemas[version["name"]])
        except jsonschema.SchemaError as error:
            raise SchemaError(f"CRD {where}: {'.'.join(map(str, error.absolute_path))}: {error.message}") from None
    return schemas


def _strict(node: Any, where: str, *, keep_open: bool) -> Any:
    """Translate one schema; inside `anyOf` and alike (`keep_open`) nothing is said about unknown fields."""
    if not isinstance(node, dict):
        return node
    result: Schema = {key: node[key] for key in _KEPT if key in node}
    if "pattern" in result:
        result["pattern"] = _portable(result["pattern"], where)
    # OpenAPI 3.0's flags beside a limit are limits of their own in JSON schema.
    for flag, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if node.get(flag) is True:
            result[flag] = result.pop(limit)
    if node.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    elif "type" in node:
        result["type"] = node["type"]
    if node.get("nullable") and "type" in result:
        kinds = result["type"] if isinstance(result["type"], list) else [result["type"]]
        result["type"] = [*kinds, "null"]
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
    if "properties" in node:
        result["properties"] = {
            name: _strict(child, f"{where}.{name}", keep_open=keep_open) for name, child in node["properties"].items()
        }
    if "items" in node:
        result["items"] = _strict(node["items"], f"{where}[]", keep_open=keep_open)
    if "additionalProperties" in node:
        result["additionalProperties"] = _strict(node["additionalProperties"], f"{where}.*", keep_open=keep_open)
    elif node.get("type") == "object" and not keep_open and not node.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False
    for junctor in _JUNCTORS:
        if junctor in node:
            result[junctor] = [_strict(child, where, keep_open=True) for child in node[junctor]]
    if "not" in node:
        result["not"] = _strict(node["not"], where, keep_open=True)
    if node.get("x-kubernetes-embedded-resource") and "properties" in result:
        allowed = result["properties"]
        result["properties"] = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {}, **allowed}
    return result


def _portable(pattern: str, where: str) -> str:
    """Return the pattern so that Python and Go both read it: Python wants flags before the anchor."""
    pattern = re.sub(r"^\^(\(\?[ims]+\))", r"\1^", pattern)
    try:
        re.compile(pattern)
    except re.error as error:
        raise SchemaError(f"{where}: pattern {pattern!r} cannot be read by Python: {error}") from error
    return pattern


def _shared(root: Schema) -> Schema:
    """Write each larger schema that occurs twice or more once, under $defs: Argo's repeat the container six times."""
    counts: Counter[str] = Counter()

    def count(node: Any) -> None:
        if isinstance(node, dict):
            if _is_schema(node):
                key = json.dumps(node, sort_keys=True)
                counts[key] += 1
                if counts[key] > 1:
                    return
            for child in node.values():
                count(child)
        elif isinstance(node, list):
            for child in node:
                count(child)

    count(root)
    definitions: Schema = {}

    def replace(node: Any, *, top: bool = False) -> Any:
        if isinstance(node, list):
            return [replace(child) for child in node]
        if not isinstance(node, dict):
            return node
        key = json.dumps(node, sort_keys=True) if _is_schema(node) else ""
        if not top and key and counts[key] > 1 and len(key) >= _SHARED_FROM_BYTES:
            name = hashlib.sha256(key.encode()).hexdigest()[:10]
            if name not in definitions:
                definitions[name] = {}
                definitions[name] = {child: replace(value) for child, value in node.items()}
            return {"$ref": f"#/$defs/{name}"}
        return {child: replace(value) for child, value in node.items()}

    result: Schema = replace(root, top=True)
    return {**result, "$defs": definitions} if definitions else result


def _is_schema(node: Schema) -> bool:
    """A schema, not a map of properties that happens to have one called `type`."""
    kind = node.get("type")
    return isinstance(kind, str) or (isinstance(kind, list) and all(isinstance(item, str) for item in kind))
