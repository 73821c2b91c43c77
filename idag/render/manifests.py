"""Manifests as text: streams of documents, and the objects in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from idag.yaml_reader import InputError, Object, load

__all__ = ["ManifestError", "Object", "documents", "load", "load_all", "numbered", "objects"]

_START = re.compile(r"(?m)^---(?:[ \t].*)?$")


class ManifestError(InputError):
    """A rendered document is no valid manifest; the message names it and the fault."""


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of its first line, text) of each document of a stream of manifests.

    Documents are split at `---` lines: a block of text inside a document is always indented.
    """
    starts = [(0, 0), *(match.span() for match in _START.finditer(text)), (len(text), len(text))]
    line = 1
    for (before, start), (end, _) in pairwise(starts):
        line += text.count("\n", before, start)
        if text[start:end].strip():
            yield line, text[start:end]
        line += text.count("\n", start, end)


def documents(text: str) -> list[str]:
    """Return the documents of a stream of manifests."""
    return [document for _, document in numbered(text)]


def load_all(text: str, name: str = "") -> list[Any]:
    """Return the documents of a stream of manifests, read. Raises InputError."""
    return [load(part, name, first_line=line) for line, part in numbered(text)]


def objects(document: str, name: str = "", *, first_line: int = 1) -> list[Object]:
    """Return the objects of one document: none for comments only, several for a `List`.

    Raises ManifestError for what is no object with kind, apiVersion and name; the message begins with `name`, or with
    helm's own comment on where the document comes from.
    """
    source = re.search(r"(?m)^# Source: (.+)$", document)
    where = source.group(1) if source else name or document.strip().splitlines()[0][:80]
    try:
        item = load(document, first_line=first_line)
    except InputError as error:
        raise ManifestError(f"{where}: {error}") from error
    if item is None:
        return []
    if not isinstance(item, dict):
        raise ManifestError(f"{where}: a mapping is needed, this is {item!r:.80}")
    found = item.get("items") or [] if item.get("kind") == "List" else [item]
    if not isinstance(found, list):
        raise ManifestError(f"{where}: items of a List is {found!r:.80}, a list is needed")
    for candidate in found:
        _check(candidate, where)
    return found


def _check(candidate: Any, where: str) -> None:
    if not isinstance(candidate, dict):
        raise ManifestError(f"{where}: a mapping is needed, this is {candidate!r:.80}")
    for field in ("apiVersion", "kind"):
        if not isinstance(candidate.get(field), str):
            raise ManifestError(f"{where}: {field} is {candidate.get(field)!r:.80}, a string is needed")
    kind, metadata = candidate["kind"], candidate.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise ManifestError(f"{where}: metadata of {kind} is {metadata!r:.80}, a mapping is needed")
    name = (metadata or {}).get("name") or (metadata or {}).get("generateName")
    if not name:
        raise ManifestError(f"{where}: {kind} without metadata.name")
    if not isinstance(name, str):
        raise ManifestError(f"{where}: metadata.name of {kind} is {name!r:.80}, a string is needed")
