"""What a rule is, and the one list of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from idag.lint.scope import Scope


class Hit(NamedTuple):
    """Where a rule found something, and what."""

    address: str
    path: str
    message: str


class Finding(NamedTuple):
    """A hit with the id of its rule."""

    rule: str
    address: str
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.address} {self.path}".rstrip()
        return f"{where}: {self.rule} {self.message}"


Check = Callable[["Scope"], Iterator[Hit]]


class Rule(NamedTuple):
    """`why` says in one line what goes wrong for the user when the rule is broken."""

    id: str
    title: str
    why: str
    check: Check


RULES: dict[str, Rule] = {}
_ID = re.compile(r"IDAG\d{3}")


def rule(name: str, title: str, why: str) -> Callable[[Check], Check]:
    """Register a check under an id such as IDAG101. Raises ValueError for an id that is taken or written otherwise."""
    if not _ID.fullmatch(name) or name in RULES:
        raise ValueError(f"rule id {name!r} is taken or is not IDAG and three digits")

    def register(check: Check) -> Check:
        RULES[name] = Rule(name, title, why, check)
        return check

    return register
