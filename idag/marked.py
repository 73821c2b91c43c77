"""Pages and manifests that people write, with parts in them that are made.

A part stands between a line with ``NAME: made by `make ...` `` and one with ``end of NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = re.compile(
    r"(?ms)^(?P<head>[^\n]*?(?P<name>[\w-]+): made by `make [^\n]*\n)(?P<made>.*?)(?=^[^\n]*end of (?P=name)\b)"
)


def with_parts(text: str, parts: Mapping[str, str], where: str) -> str:
    """Return the text with its parts made anew. Raises ValueError where it has no place for one."""
    if missing := parts.keys() - {match["name"] for match in _PART.finditer(text)}:
        raise ValueError(
            f"{where} has no place for {', '.join(sorted(missing))}: a line `NAME: made by ...`, one `end of NAME`"
        )
    return _PART.sub(lambda match: match["head"] + parts.get(match["name"], match["made"]), text)


def by_hand(text: str) -> str:
    """Return the text without the parts that are made."""
    return _PART.sub(lambda match: match["head"], text)


def row(*cells: str) -> str:
    """Return a line of a table in Markdown."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
