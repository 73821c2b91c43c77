"""Strict schemas of Kubernetes' own kinds, one set a minor version, from the package kubernetes-validate."""

from __future__ import annotations

from functools import cache
from typing import Any

import referencing
from jsonschema import Draft202012Validator
from kubernetes_validate import utils
from referencing.jsonschema import DRAFT202012

from idag.schemas.errors import SchemaError

# The base of the package's schemas is their `$id` on the web, so that is where their references point.
_DEFINITIONS = "/api/_definitions.json"
_ROOT = "urn:schema"


def folder(kube_minor: str) -> str:
    """Folder of the package's strict schemas for a minor such as `1.36`. Raises SchemaError when it has none."""
    for version in utils.all_versions():
        if utils.major_minor(version) == kube_minor:
            return f"kubernetes-json-schema/v{version}-local-strict"
    have = ", ".join(utils.major_minor(version) for version in utils.all_versions())
    raise SchemaError(f"kubernetes-validate has no schemas for Kubernetes {kube_minor}; it has {have}")


@cache
def validator(group: str, version: str, kind: str, kube_minor: str) -> Draft202012Validator | None:
    """Return the strict validator of a kind; None when that Kubernetes does not have it. Raises SchemaError."""
    # The package cuts a group after its first label, so two groups may share a file: the schema itself says which.
    stem = f"{group.split('.')[0]}-{version}" if group else version
    try:
        schema = utils.schema_contents(f"{folder(kube_minor)}/{kind.lower()}-{stem}.json", kube_minor)
    except FileNotFoundError:
        return None
    names = schema.get("x-kubernetes-group-version-kind", [])
    if {"group": group, "version": version, "kind": kind} not in names:
        return None
    return indexed(_nullable(schema), _registry(kube_minor))


def indexed(schema: dict[str, Any], others: referencing.Registry[Any] | None = None) -> Draft202012Validator:
    """A validator whose references are looked up once: jsonschema would search the whole schema at each of them."""
    resource = referencing.Resource.from_contents(schema, DRAFT202012)
    registry: referencing.Registry[Any] = (others or referencing.Registry()).with_resource(_ROOT, resource).crawl()
    return Draft202012Validator({"$ref": _ROOT}, registry=registry)


@cache
def _registry(kube_minor: str) -> referencing.Registry[Any]:
    contents = utils.schema_contents(f"{folder(kube_minor)}/_definitions.json", kube_minor)
    resource = referencing.Resource.from_contents(_nullable(contents))
    registry: referencing.Registry[Any] = referencing.Registry().with_resource(_DEFINITIONS, resource).crawl()
    return registry


def _nullable(schema: Any) -> Any:
    """The schema with anyOf for oneOf: null, which the API server drops, is a number or null and a text or null."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # A field of that name has a mapping: CustomResourceDefinitions describe schemas themselves.
    return {
        "anyOf" if key == "oneOf" and isinstance(value, list) else key: _nullable(value)
        for key, value in schema.items()
    }
