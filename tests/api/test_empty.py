"""A field that a chart leaves empty chooses nothing: no policy refuses it, whatever field it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from scripts.lab.kubectl import Kubectl

from .previews import IDENTITIES, KEPT
from .requests import server

DEPTH = 4
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: kept}
spec:
  parentRefs: [{namespace: gateways, name: shared}]
  hostnames: [isolation-pr-1.preview.example.com]
  rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: kept, port: 80}]}]
"""
STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kept}
spec:
  serviceName: kept
  selector: {matchLabels: {app: kept}}
  template:
    metadata: {labels: {app: kept}}
    spec:
      containers: [{name: kept, image: "example.com/kept:1", ports: [{containerPort: 80}]}]
      volumes: [{name: data}]
  volumeClaimTemplates:
    - metadata: {name: kept}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
ACCOUNT = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: another}}"
DOCUMENTS = [item for text in (KEPT, ROUTE, STATEFUL, ACCOUNT) for item in yaml.safe_load_all(text)]
# What says something though it is empty: volumes that lie there for somebody else, a type of volume, the core group.
MEANT = {"storageClassName", "image", "group"}
EMPTY: dict[str, Any] = {"object": {}, "array": [], "string": ""}


def emptied(schema: dict[str, Any], value: Any, definitions: dict[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    """Every copy of `value` in which one field that it lacks is empty, and where that field is."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, list):
        for number, item in enumerate(value):
            for path, changed in emptied(schema["items"], item, definitions, depth):
                yield f"[{number}]{path}", [*value[:number], changed, *value[number + 1 :]]
        return
    for key, field in schema.get("properties", {}).items() if isinstance(value, dict) and depth else ():
        if key in MEANT:
            continue
        if key not in value:
            field_type = "object" if "$ref" in field else field.get("type")
            yield f".{key}: empty", value | {key: EMPTY.get(field_type)}
        if key in value or "$ref" in field:
            deeper = depth if key in value else depth - 1
            for path, changed in emptied(field, value.get(key, {}), definitions, deeper):
                yield f".{key}{path}", value | {key: changed}


@pytest.mark.parametrize("document", DOCUMENTS, ids=[item["kind"] for item in DOCUMENTS])
def test_an_empty_field_is_let_in(kubectl: Kubectl, previews: None, document: dict[str, Any]) -> None:
    found = server(kubectl)
    definitions = found.definitions()
    group, _, version = document["apiVersion"].rpartition("/")
    kind = {"group": group, "version": version, "kind": document["kind"]}
    (schema,) = [item for item in definitions.values() if kind in item.get("x-kubernetes-group-version-kind", ())]
    spec = schema["properties"].get("spec", schema)
    changes = [
        (path, document | ({"spec": changed} if "spec" in document else changed))
        for path, changed in emptied(spec, document.get("spec", document), definitions, DEPTH)
    ]
    refused = {}
    for path, changed in changes:
        metadata = {"name": "empty", "namespace": "impl-isolation-pr-1"}
        words = found.create(IDENTITIES["deployer"], changed | {"metadata": metadata})
        if "ValidatingAdmissionPolicy" in words:
            refused[path] = words
    assert changes
    assert not refused, "\n".join(f"{path}: {words}" for path, words in refused.items())
