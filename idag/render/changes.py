"""What differs between two objects, path by path, also inside YAML and text that an object embeds."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from idag.render.manifests import load_all
from idag.yaml_reader import InputError

_SHOWN_CHARACTERS = 160
# Lists whose order means nothing to Kubernetes.
_UNORDERED = re.compile(r".*\b(volumes|volumeMounts)")


class _Absent:
    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()


class Change(NamedTuple):
    """A path such as `spec.containers[app].image` with its old and new value, either of which may be ABSENT."""

    path: str
    old: Any
    new: Any


def changes(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """Yield the changes from old to new in a stable order.

    Items of lists are told apart by name where all have one, as containers and env do, else by their place.
    """
    if old is new or same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), _member(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(old, new, path)
    elif isinstance(old, str) and isinstance(new, str) and "\n" in old and "\n" in new:
        yield from _text_changes(old, new, path)
    else:
        yield Change(path, old, new)


def same(old: Any, new: Any) -> bool:
    """Whether two values are the same to Kubernetes: unlike Python, it tells true, 1 and 1.0 apart."""
    if old is ABSENT or new is ABSENT or isinstance(old, dict | list) or isinstance(new, dict | list):
        # Containers are walked anyway.
        return False
    return type(old) is type(new) and bool(old == new)


def shown(value: Any) -> str:
    """Write a value on one line, cut when it is long."""
    if value is ABSENT:
        return repr(value)
    text = value if isinstance(value, str) and re.fullmatch(r"[!-~][ -~]*[!-~]|[!-~]", value) else json.dumps(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}... ({len(text)} characters)"


def _member(path: str, key: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path and not path.endswith(":") else f"{path}{key}"


def _identity(item: Any) -> str | None:
    """What tells an item of a list from its neighbours: a name, or kind and name of an object."""
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("metadata"), dict) and "kind" in item:
        return f"{item['kind']}/{item['metadata'].get('name')}"
    name = item.get("name")
    if name == "" or not isinstance(name, str):
        return None
    # One volume may be mounted twice: the place makes the difference.
    return f"{name} {item['mountPath']}" if "mountPath" in item else name


def _list_changes(old: list[Any], new: list[Any], path: str) -> Iterator[Change]:
    old_names, new_names = [_identity(item) for item in old], [_identity(item) for item in new]
    named = None not in (*old_names, *new_names)
    if named and len(set(old_names)) == len(old) and len(set(new_names)) == len(new):
        olds, news = dict(zip(old_names, old, strict=True)), dict(zip(new_names, new, strict=True))
        for name in [*olds, *(name for name in news if name not in olds)]:
            yield from changes(olds.get(name, ABSENT), news.get(name, ABSENT), f"{path}[{name}]")
        if _UNORDERED.fullmatch(path):
            return
        # Where a new item stands matters too, as with init containers.
        expected = [name for name in old_names if name in news] + [name for name in new_names if name not in olds]
        if new_names != expected:
            yield Change(f"{path}[order]", old_names, new_names)
        return
    before, after = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for tag, first, last, start, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(last - first, end - start)
        for offset in range(paired):
            yield from changes(old[first + offset], new[start + offset], f"{path}[{start + offset}]")
        for index in range(first + paired, last):
            yield Change(f"{path}[-{index}]", old[index], ABSENT)
        for index in range(start + paired, end):
            yield Change(f"{path}[+{index}]", ABSENT, new[index])


def _text_changes(old: str, new: str, path: str) -> Iterator[Change]:
    inside = list(changes(_embedded(old), _embedded(new), f"{path}:"))
    if inside and _embedded(old) is not None and _embedded(new) is not None:
        yield from inside
        return
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for tag, first, last, start, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            removed, added = "".join(before[first:last]), "".join(after[start:end])
            yield Change(f"{path}[line {start + 1}]", removed or ABSENT, added or ABSENT)


def _embedded(text: str) -> Any:
    """The YAML in a text when it is a mapping, a list, or several of them; else None."""
    try:
        found = load_all(text)
    except InputError:
        return None
    if not found or not all(isinstance(item, dict | list) for item in found):
        return None
    return found[0] if len(found) == 1 else found
