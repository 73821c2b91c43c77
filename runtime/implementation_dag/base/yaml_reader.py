"""Read YAML of anybody as Kubernetes' own reader does: no dates, no duplicate keys, nothing that JSON lacks.

Whatever the bytes are, the answer is the value or an InputError of one line; time and memory are bounded by the input.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from implementation_dag.base.errors import CommandError

Object = dict[str, Any]

_DEEPEST = 100
# libyaml's composer is recursive C and overflows its stack at some ten thousand levels.
_DEEPEST_TO_COMPOSE = 1500
# How much aliases may add, in characters; a node counts for eight more.
_LARGEST_EXPANSION = 2_000_000
_CORE = "tag:yaml.org,2002:"
_SCALARS = tuple(_CORE + kind for kind in ("null", "bool", "int", "float", "str", "merge"))
_TAGS: dict[type[yaml.Node], tuple[str, ...]] = {
    yaml.ScalarNode: _SCALARS,
    yaml.SequenceNode: (f"{_CORE}seq",),
    yaml.MappingNode: (f"{_CORE}map",),
}
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
# YAML's own set: tab and line ends, but no other control characters.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class InputError(CommandError):
    """What was given cannot be read; the message is one line that says what it is and where."""


def decoded(content: bytes, name: str) -> str:
    """Return the text of bytes that are to be UTF-8. Raises InputError that begins with `name`."""
    if found := next((kind for mark, kind in _BYTE_ORDER_MARKS if content.startswith(mark)), None):
        raise InputError(f"{name}: this is {found}, UTF-8 is needed")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}: line {line}: byte 0x{content[error.start]:02x} is no UTF-8") from error
    if found_control := _CONTROL.search(text):
        line = text.count("\n", 0, found_control.start()) + 1
        raise InputError(f"{name}: line {line}: character 0x{ord(found_control[0]):02x} is no text (a binary file?)")
    return text.replace("\r\n", "\n")


class _Loader(yaml.CSafeLoader):
    """YAML without the types that JSON lacks, and without silently dropped keys."""


# YAML 1.1's dates and base-60 numbers ("1:30") are strings to Kubernetes, as JSON has neither.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
    for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
# Go reads 1e6 as a number, YAML 1.1 wants a dot in it.
_Loader.add_implicit_resolver(f"{_CORE}float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789"))
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")


def _number(loader: _Loader, node: yaml.ScalarNode) -> Any:
    if _BASE_60.fullmatch(node.value):
        return node.value
    try:
        found = loader.construct_yaml_int(node) if node.tag.endswith(":int") else loader.construct_yaml_float(node)
    except ValueError:
        raise _refused(node, f"{node.value[:40]!r} is no number") from None
    if isinstance(found, float) and not math.isfinite(found):
        raise _refused(node, f"JSON has no number {node.value[:40]!r}")
    return found


def _bool(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_bool(node)
    except KeyError:
        raise _refused(node, f"{node.value[:40]!r} is neither true nor false") from None


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Object:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(key, "a key must be text")
        if key.tag == f"{_CORE}merge":
            continue
        if key.value in seen:
            raise _refused(key, f"key {key.value!r} is there twice")
        seen.add(key.value)
    loader.flatten_mapping(node)
    return {str(loader.construct_object(key)): loader.construct_object(value, deep=True) for key, value in node.value}


def _refused(node: yaml.Node, words: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, words, node.start_mark)


_Loader.add_constructor(f"{_CORE}map", _mapping)
_Loader.add_constructor(f"{_CORE}int", _number)
_Loader.add_constructor(f"{_CORE}float", _number)
_Loader.add_constructor(f"{_CORE}bool", _bool)


def load(text: str, name: str = "", *, first_line: int = 1) -> Any:
    """Return the one document of `text`; `name` and the line of its first line go into what is raised: InputError."""
    where = f"{name}: " if name else ""
    try:
        _check_depth(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            own, expanded = _sizes(node)
            if expanded - own > _LARGEST_EXPANSION:
                raise InputError(f"{where}its aliases blow it up from {own} characters to {expanded}")
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise InputError(where + _in_one_line(error, first_line)) from error
    except yaml.YAMLError as error:
        raise InputError(f"{where}{' '.join(str(error).split())}") from error


def _in_one_line(error: yaml.MarkedYAMLError, first_line: int) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + first_line}, column {mark.column + 1}: " if mark else ""
    words = " ".join(str(part) for part in (error.context, error.problem) if part)
    hint = " (a tab? YAML is indented with spaces)" if "cannot start any token" in words else ""
    return f"{place}{' '.join(words.split())}{hint}"


def _check_depth(text: str) -> None:
    # Each level costs a bracket, or a column of some line.
    longest = max(map(len, text.splitlines()), default=0)
    if text.count("[") + text.count("{") + longest <= _DEEPEST_TO_COMPOSE:
        return
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise yaml.YAMLError(_too_deep())
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep() -> str:
    return f"it is nested deeper than {_DEEPEST} levels"


def _sizes(root: yaml.Node) -> tuple[int, int]:
    """Return the size of the document as written, and with every alias replaced by what it stands for."""
    # By the node's identity: (expanded size, height); None while the node is being measured.
    known: dict[int, tuple[int, int] | None] = {}
    own = 0

    def measured(node: yaml.Node, depth: int) -> tuple[int, int]:
        nonlocal own
        if id(node) in known:
            found = known[id(node)]
            if found is None:
                raise _refused(node, "it contains itself")
            return found
        if depth > _DEEPEST:
            raise _refused(node, _too_deep())
        if node.tag not in _TAGS[type(node)]:
            raise _refused(node, f"{node.tag.replace(_CORE, '!!')} is no type that JSON has, or not that of this value")
        known[id(node)] = None
        size, height = 8, 0
        if isinstance(node, yaml.ScalarNode):
            size += len(node.value)
        own += size
        for child in _children(node):
            child_size, child_height = measured(child, depth + 1)
            size, height = size + child_size, max(height, child_height + 1)
        if height > _DEEPEST:
            raise _refused(node, _too_deep())
        known[id(node)] = size, height
        return size, height

    expanded, _ = measured(root, 0)
    return own, expanded


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
