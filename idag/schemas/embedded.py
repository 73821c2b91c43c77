"""Objects inside objects: manifests in ConfigMaps, variables of Deployments, Argo's resources and raw artifacts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from idag.render.manifests import Object, load_all
from idag.yaml_reader import InputError

PLACEHOLDER = "argo-fills-this-in"
# The files of programs, such as kube-scheduler's: no API server has such an object.
_OF_PROGRAMS = re.compile(r"[a-z0-9.-]+\.config\.k8s\.io/")
_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def find(item: Object) -> Iterator[tuple[str, Object]]:
    """Yield (path, object) of every manifest that stands as text in `item`; Argo's tags become PLACEHOLDER.

    Values of another type than they should have hold none.
    """
    if item.get("kind") == "ConfigMap":
        for key, text in _map(item.get("data")).items():
            for document in _objects(text):
                yield f"data.{key}", document
    spec = _map(item.get("spec"))
    if item.get("kind") == "Deployment":
        for container in _maps(_map(_map(spec.get("template")).get("spec")).get("containers")):
            for variable in _maps(container.get("env")):
                # The kubelet reads $$ as $.
                for document in _objects(str(variable.get("value")).replace("$$", "$")):
                    yield (
                        f"spec.template.spec.containers[{container.get('name')}].env[{variable.get('name')}]",
                        document,
                    )
    for template in _maps(_map(spec.get("workflowSpec", spec)).get("templates")):
        where = f"spec.templates[{template.get('name')}]"
        for artifact in _maps(_map(template.get("inputs")).get("artifacts")):
            for document in _objects(_map(artifact.get("raw")).get("data")):
                yield f"{where}.inputs.artifacts[{artifact.get('name')}]", document
        resource = _map(template.get("resource"))
        # The manifests of get, patch and delete name an object, they do not describe it whole.
        whole = resource.get("action") in ("create", "apply", "replace")
        if whole and isinstance(resource.get("manifest"), str):
            for document in _objects(_filled(resource["manifest"])):
                yield f"{where}.resource.manifest", document


def _filled(manifest: str) -> str:
    # Behind the last end of a tag there is none to be looked for.
    end = manifest.rfind("}}") + 2
    return _TAG.sub(PLACEHOLDER, manifest[:end]) + manifest[end:]


def _map(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> list[Object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _objects(text: Any) -> Iterator[Object]:
    if not isinstance(text, str) or "kind:" not in text:
        return
    try:
        items = load_all(text)
    except InputError:
        return
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(field), str) for field in ("kind", "apiVersion")):
            continue
        if not _OF_PROGRAMS.match(item["apiVersion"]):
            yield item
