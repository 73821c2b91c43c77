"""Silence a rule in place: an annotation on the object that says where and, always, why.

    metadata:
      annotations:
        lint.implementation-dag.io/IDAG304: |
          spec.templates[set-params]*: the domain is part of the documented outputs

One line a place; `*` stands for anything; the reason comes after `: `. An embedded object
is silenced by its own annotation or by its owner's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from idag.lint.registry import RULES, Finding

if TYPE_CHECKING:
    from idag.lint.scope import Item

PREFIX = "lint.implementation-dag.io/"
BAD_SILENCE = "IDAG001"
_SHORTEST_REASON = 10


class Silence(NamedTuple):
    """One line of an annotation."""

    address: str
    rule: str
    place: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is at this place."""
        pattern = ".*".join(re.escape(part) for part in re.split(r"\*+", self.place))
        same = (self.address, self.rule) == (finding.address, finding.rule)
        return same and re.fullmatch(pattern, finding.path) is not None


def apply(findings: list[Finding], items: Iterable[Item], chosen: set[str]) -> list[Finding]:
    """Return the findings that nothing silences, and one for each silence that is wrong or silences nothing."""
    silences = [silence for item in items for silence in _silences(item)]
    left = [finding for finding in findings if not any(_is_good(one) and one.covers(finding) for one in silences)]
    for silence in silences:
        message = _fault(silence)
        unused = silence.rule in chosen and not any(silence.covers(finding) for finding in findings)
        if not message and unused:
            message = f"{silence.rule} finds nothing at {silence.place}: remove the line"
        if message and BAD_SILENCE in chosen:
            left.append(Finding(BAD_SILENCE, silence.address, f"metadata.annotations.{PREFIX}{silence.rule}", message))
    return left


def _silences(item: Item) -> Iterable[Silence]:
    annotations = (item.data.get("metadata") or {}).get("annotations") or {}
    for key, value in annotations.items():
        if str(key).startswith(PREFIX):
            for line in str(value).splitlines() or [""]:
                place, _, reason = line.strip().partition(": ")
                yield Silence(item.address, key.removeprefix(PREFIX), item.at(place), reason.strip())


def _is_good(silence: Silence) -> bool:
    return not _fault(silence)


def _fault(silence: Silence) -> str:
    if silence.rule not in RULES:
        return f"{silence.rule} is no rule; `idag lint --list` prints them"
    if len(silence.reason) < _SHORTEST_REASON:
        return f"{silence.place!r} is silenced without a reason: write `PLACE: why it is right here`"
    return ""
