"""Which values a template reads, and where: `.Values.a.b`, `$.Values.a.b`, and `.b` inside `with .Values.a`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.chart.coverage.actions import Action, without_strings
from scripts.chart.coverage.blocks import Block, Template
from scripts.chart.coverage.values import Path, Values

_CHAIN = re.compile(r"(?<![\w.)\]$])(\$?)((?:\.[A-Za-z_]\w*)+)")
_VARIABLE = re.compile(r"^\$\w+\s*:=\s*")


@dataclass(frozen=True)
class Reference:
    """A use of the values key `path`; `start` and `end` are the offsets of the expression in the template."""

    action: Action
    start: int
    end: int
    path: Path


def references(template: Template, values: Values) -> Iterator[Reference]:
    """Yield each use of a key or section of the values whose path can be told from the text."""
    for action in template.actions:
        for found in _CHAIN.finditer(without_strings(action.pipeline)):
            path = _resolve(template.innermost(action), found[1], found[2], action)
            if path and values.holds(path):
                yield Reference(action, action.at + found.start(), action.at + found.end(), path)


def section(template: Template, block: Block, values: Values) -> Path | None:
    """The section of the values into which a `with` steps, None for any other block or operand."""
    if block.keyword != "with":
        return None
    path = _operand(block)
    return path if path is not None and path in values.sections else None


def _resolve(inside: Block | None, root: str, chain: str, action: Action) -> Path | None:
    path = tuple(chain[1:].split("."))
    if path[0] == "Values":
        return path[1:]
    if root:
        return None
    prefix = _dot(inside, action)
    return prefix + path if prefix is not None else None


def _dot(block: Block | None, action: Action) -> Path | None:
    """The values path that `.` means at the action, None when that is another thing or unknown."""
    while block is not None:
        first = block.arms[0]
        if block.keyword == "with" and first.start <= action.start < first.end:
            return _operand(block)
        if block.keyword not in ("if", "with"):
            return None
        block = block.parent
    return None


def _operand(block: Block) -> Path | None:
    pipeline = _VARIABLE.sub("", block.opening.pipeline)
    found = _CHAIN.fullmatch(pipeline)
    return _resolve(block.parent, found[1], found[2], block.opening) if found else None
