"""Objects inside objects: manifests in a ConfigMap's data, in Argo's resource templates and raw artifacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scripts.render.manifests import Object, load_all
from scripts.yaml_reader import InputError

PLACEHOLDER = "argo-fills-this-in"
_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def find(item: Object) -> Iterator[tuple[str, Object]]:
    """Yield (path, object) of every manifest that stands as text in `item`; Argo's tags become PLACEHOLDER."""
    if item.get("kind") == "ConfigMap":
        for key, text in (item.get("data") or {}).items():
            for document in _objects(text):
                yield f"data.{key}", document
    spec = item.get("spec")
    if isinstance(spec, dict):
        spec = spec.get("workflowSpec", spec)
        templates = spec.get("templates") if isinstance(spec, dict) else None
        for template in templates if isinstance(templates, list) else ():
            artifacts = (template.get("inputs") or {}).get("artifacts") or [] if isinstance(template, dict) else []
            for artifact in artifacts:
                for document in _objects((artifact.get("raw") or {}).get("data")):
                    yield f"spec.templates[{template.get('name')}].inputs.artifacts[{artifact.get('name')}]", document
            resource = template.get("resource") if isinstance(template, dict) else None
            # The manifests of get, patch and delete name an object, they do not describe it whole.
            whole = isinstance(resource, dict) and resource.get("action") in ("create", "apply", "replace")
            if isinstance(resource, dict) and whole and isinstance(resource.get("manifest"), str):
                for document in _objects(_TAG.sub(PLACEHOLDER, resource["manifest"])):
                    yield f"spec.templates[{template.get('name')}].resource.manifest", document


def _objects(text: Any) -> Iterator[Object]:
    if not isinstance(text, str) or "kind:" not in text:
        return
    try:
        items = load_all(text)
    except InputError:
        return
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("kind"), str) and isinstance(item.get("apiVersion"), str):
            yield item
