"""Check objects strictly: a field that no schema knows is a fault, and so is a kind without a schema."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import relevance

from idag.render.manifests import Object
from idag.render.objects import Manifest
from idag.schemas import builtin, embedded, paths
from idag.schemas.errors import SchemaError
from idag.schemas.pinned import schemas_of
from idag.schemas.structural import Schema, strict_schemas


class Fault(NamedTuple):
    """One field of one object that a schema refuses."""

    address: str
    path: str
    message: str
    schema: str

    def __str__(self) -> str:
        return f"{self.address} {self.path}: {self.message} (by {self.schema})"


# (schemas' identity, object's digest) → faults: the same object comes back in nearly every case of a matrix.
_verdicts: dict[tuple[str, bytes], list[tuple[str, str, str]]] = {}


def validate(
    items: Iterable[Object], kube_minor: str, known: Iterable[Object] = (), *, every_source: bool = True
) -> list[Fault]:
    """Return the faults of the objects, and of those embedded in them, for a Kubernetes minor such as `1.36`.

    Schemas are kubernetes-validate's, those in tools/schemas (each source that knows the kind must accept it), and
    the CRDs among the objects themselves and in `known`; without `every_source` the newest source that knows a kind
    is enough. Raises SchemaError when the minor has no schemas.
    """
    objects = list(items)
    builtin.folder(kube_minor)
    crds = [item for item in (*known, *objects) if _is_crd(item, kube_minor)]
    own = {(item["spec"]["group"], item["spec"]["names"]["kind"]): item for item in crds}
    faults = []
    for item in objects:
        address = Manifest(item).address
        faults += [Fault(address, *found) for found in _check(item, kube_minor, own, every_source)]
        for path, inner in embedded.find(item):
            for where, message, schema in _check(inner, kube_minor, own, every_source):
                faults.append(Fault(address, f"{path} {inner['kind']} {where}".rstrip(), message, schema))
    return faults


def _is_crd(item: Object, kube_minor: str) -> bool:
    """Whether it is a CustomResourceDefinition with which others can be checked: a broken one is only told."""
    if (item.get("apiVersion"), item.get("kind")) != ("apiextensions.k8s.io/v1", "CustomResourceDefinition"):
        return False
    validator = builtin.validator("apiextensions.k8s.io", "v1", "CustomResourceDefinition", kube_minor)
    return validator is None or validator.is_valid(item)


def _check(
    item: Object, kube_minor: str, own: dict[tuple[str, str], Object], every_source: bool
) -> list[tuple[str, str, str]]:
    group, _, version = item["apiVersion"].rpartition("/")
    try:
        validators = _validators(group, version, item["kind"], kube_minor, own.get((group, item["kind"])))
    except SchemaError as error:
        return [("", f"no schema for {item['kind']} {item['apiVersion']}: {error}", "nothing")]
    if not validators:
        known = f"Kubernetes {kube_minor}, tools/schemas and the rendered CRDs"
        return [("", f"no schema for {item['kind']} {item['apiVersion']}: {known} do not have it", "nothing")]
    digest = hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).digest()
    faults = []
    # Sources are in the order of their names, so that of the newest line is the last.
    for name, validator in validators if every_source else validators[-1:]:
        key = (f"{name} {item['apiVersion']} {item['kind']}", digest)
        if key not in _verdicts:
            _verdicts[key] = [
                (paths.describe(item, error.absolute_path), _message(error), name)
                for error in map(_deepest, validator.iter_errors(item))
                # What Argo fills in may be of any type; what stands around it is judged.
                if not (isinstance(error.instance, str) and embedded.PLACEHOLDER in error.instance)
            ]
        faults += _verdicts[key]
    return faults


def _validators(
    group: str, version: str, kind: str, kube_minor: str, own: Object | None
) -> Sequence[tuple[str, Draft202012Validator]]:
    found = builtin.validator(group, version, kind, kube_minor)
    if found:
        return [(f"Kubernetes {kube_minor}", found)]
    if own is not None:
        text = json.dumps(own, sort_keys=True)
        schema = _of_crd(text).get(version)
        # The digest keeps verdicts of two charts' CRDs of one kind apart.
        label = f"the rendered CRD {hashlib.sha256(text.encode()).hexdigest()[:8]}"
        return [(label, builtin.indexed(schema))] if schema else []
    return _of_sources(group, kind, version)


@cache
def _of_crd(text: str) -> dict[str, Schema]:
    return strict_schemas(json.loads(text))


@cache
def _of_sources(group: str, kind: str, version: str) -> tuple[tuple[str, Draft202012Validator], ...]:
    return tuple((name, builtin.indexed(schema)) for name, schema in schemas_of(group, kind, version).items())


def _deepest(error: ValidationError) -> ValidationError:
    """The most telling error inside an anyOf or alike."""
    while error.context:
        error = min(error.context, key=relevance)
    return error


def _message(error: ValidationError) -> str:
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known: dict[str, Any] = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        return "; ".join(_unknown(name, list(known)) for name in sorted(error.instance.keys() - known.keys()))
    return error.message if len(error.message) < 300 else f"{error.message[:300]}..."


def _unknown(name: str, known: list[str]) -> str:
    alike = difflib.get_close_matches(name, known, n=1)
    if alike:
        return f"unknown field {name}; meant {alike[0]}?"
    listed = ", ".join(sorted(known)) or "none"
    return f"unknown field {name}; known are {listed}" if len(known) <= 12 else f"unknown field {name}"


__all__ = ["Fault", "SchemaError", "validate"]
