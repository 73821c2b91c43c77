"""Read YAML as Kubernetes' own reader does: no dates, no duplicate keys, anchors expanded."""

from __future__ import annotations

import re
from typing import Any

import yaml

Object = dict[str, Any]


class ManifestError(Exception):
    """A rendered document is no valid manifest; the message names it and the fault."""


class _Loader(yaml.CSafeLoader):
    """YAML without the types that JSON lacks, and without silently dropped keys."""


# YAML 1.1's dates and base-60 numbers ("1:30") are strings to Kubernetes, as JSON has neither.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
# Go reads 1e6 as a number, YAML 1.1 wants a dot in it.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")


def _number(loader: _Loader, node: yaml.ScalarNode) -> Any:
    if _BASE_60.fullmatch(node.value):
        return node.value
    return loader.construct_yaml_int(node) if node.tag.endswith(":int") else loader.construct_yaml_float(node)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Object:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is there twice", key.start_mark)
        seen.add(key.value)
    loader.flatten_mapping(node)
    return {str(loader.construct_object(key)): loader.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _number)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


def load(text: str) -> Any:
    """Return the one document of `text`. Raises yaml.YAMLError, also for a key that is there twice."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 (derived from the safe loader)


def documents(text: str) -> list[str]:
    """Split a stream of manifests at its `---` lines; a block of text inside a document is always indented."""
    return [part for part in re.split(r"(?m)^---(?:[ \t].*)?$", text) if part.strip()]


def load_all(text: str) -> list[Any]:
    """Return the documents of a stream of manifests. Raises yaml.YAMLError."""
    return [load(part) for part in documents(text)]


def objects(document: str) -> list[Object]:
    """Return the objects of one document: none for comments only, several for a `List`.

    Raises ManifestError for what is no object with kind, apiVersion and name.
    """
    source = re.search(r"(?m)^# Source: (.+)$", document)
    where = source.group(1) if source else document.strip().splitlines()[0]
    try:
        item = load(document)
    except yaml.YAMLError as error:
        raise ManifestError(f"{where}: {error}") from error
    if item is None:
        return []
    if not isinstance(item, dict):
        raise ManifestError(f"{where}: a mapping is needed, this is {item!r:.80}")
    if item.get("kind") == "List":
        found: list[Object] = item.get("items") or []
    else:
        found = [item]
    for candidate in found:
        for field in ("apiVersion", "kind"):
            if not isinstance(candidate.get(field), str):
                raise ManifestError(f"{where}: {field} is {candidate.get(field)!r}, a string is needed")
        metadata = candidate.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name") or metadata.get("generateName"), str):
            raise ManifestError(f"{where}: {candidate['kind']} without metadata.name")
    return found
