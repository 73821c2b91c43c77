"""The entries of values.yaml: each with its comment, its rule and its default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from idag.yaml_reader import InputError, load
from implementation_dag.base.errors import CommandError

Schema = dict[str, Any]
# Above a key, what stands before this word is for people; what stands behind it is a rule in YAML, or a shape's name.
RULE = "@schema"


class ValuesError(CommandError):
    """values.yaml does not describe its values; the text has one line a key."""


@dataclass(frozen=True)
class Entry:
    """One key; `path` is ``git.baseUrl``. A mapping without a comment is a section: `inner` has its entries."""

    path: str
    comment: str
    rule: Schema
    default: Any
    inner: tuple[Entry, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def read(chart: Path) -> tuple[Entry, ...]:
    """Return the entries in their order. Raises ValuesError that names every key without comment or with a bad rule."""
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    wrong: list[str] = []
    found = tuple(_entries(yaml.compose(text, yaml.CSafeLoader), load(text), text.splitlines(), "", wrong))
    if wrong:
        raise ValuesError("\n".join(wrong))
    return found


def values(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    """Yield the entries that are values: all but sections."""
    for entry in entries:
        if entry.inner:
            yield from values(entry.inner)
        else:
            yield entry


def _entries(node: Any, data: Any, lines: list[str], prefix: str, wrong: list[str]) -> Iterator[Entry]:
    for key_node, value_node in node.value:
        path, default = f"{prefix}{key_node.value}", data[key_node.value]
        comment, rule = _above(lines, key_node.start_mark.line, path, wrong)
        inner: tuple[Entry, ...] = ()
        if not comment and isinstance(default, dict) and default:
            inner = tuple(_entries(value_node, default, lines, f"{path}.", wrong))
        elif not comment:
            wrong.append(f"{path}: no comment above it in values.yaml")
        yield Entry(path, comment, rule, default, inner)


def _above(lines: list[str], line: int, path: str, wrong: list[str]) -> tuple[str, Schema]:
    """Return comment and rule that stand directly above `line`."""
    start = line
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    comment, _, rule = "\n".join(one.strip().removeprefix("#").strip() for one in lines[start:line]).partition(RULE)
    try:
        found = load(rule) if rule else {}
    except InputError as error:
        wrong.append(f"{path}: its {RULE} is no YAML: {error}")
        return comment, {}
    if isinstance(found, str):
        found = {"$ref": found}
    if not isinstance(found, dict):
        wrong.append(f"{path}: its {RULE} is {found!r}: must be a mapping, or the name of a shape")
        found = {}
    return " ".join(comment.split()), found
