"""The one list of assertions, and what each of them means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idag.render.manifests import load
from implementation_dag.base.errors import CommandError

FILE = Path(__file__).parent / "assertions.yaml"
CHECKS = ("equals", "matches", "contains", "length", "exists")
_STEP = re.compile(
    r'\.?(?P<key>[A-Za-z_][\w/-]*)|\[(?P<index>\d+)\]|\["(?P<quoted>[^"]+)"\]|\[(?P<by>\w+)=(?P<is>[\w-]+)\]'
)
_ABSENT = object()


class AssertionsError(CommandError):
    """assertions.yaml says something that is not allowed; the message names the entry."""


@dataclass(frozen=True)
class Assertion:
    """What must hold at a path of an object that a case renders.

    `path` is made of `.key`, `["key.with.dots"]`, `[0]` and `[name=value]`, the item of a list by one of its fields.
    """

    case: str
    object: str
    path: str
    check: str
    wanted: Any

    @property
    def name(self) -> str:
        """What tells the assertion from all others."""
        return f"{self.case}: {self.object} {self.path} {self.check} {self.wanted!r}"

    def fault(self, item: Any) -> str | None:
        """What is wrong in words, None when the assertion holds for the object."""
        found = _at(item, self.path)
        if self.check == "exists":
            right = (found is not _ABSENT) is self.wanted
        elif found is _ABSENT:
            right = False
        elif self.check == "equals":
            right = found == self.wanted
        elif self.check == "matches":
            right = re.search(self.wanted, found) is not None
        elif self.check == "contains":
            right = self.wanted in found
        else:
            right = len(found) == self.wanted
        return None if right else f"{self.name}: found {'nothing' if found is _ABSENT else repr(found)}"


def read(path: Path = FILE) -> list[Assertion]:
    """Return the list. Raises AssertionsError."""
    found = []
    for entry in load(path.read_text(encoding="utf-8")):
        checks = [key for key in CHECKS if key in entry]
        if len(checks) != 1 or set(entry) != {"case", "object", "path", *checks}:
            raise AssertionsError(f"{path.name}: {entry}: needs case, object, path and one of {', '.join(CHECKS)}")
        assertion = Assertion(entry["case"], entry["object"], entry["path"], checks[0], entry[checks[0]])
        steps(assertion.path)
        found.append(assertion)
    return found


def steps(path: str) -> list[re.Match[str]]:
    """Return the steps of a path. Raises AssertionsError."""
    found, position = [], 0
    while position < len(path):
        step = _STEP.match(path, position)
        if not step:
            raise AssertionsError(f'path {path!r}: {path[position:]!r} is none of .key, [0], ["key"], [name=value]')
        found.append(step)
        position = step.end()
    return found


def _at(item: Any, path: str) -> Any:
    for step in steps(path):
        try:
            if step["index"]:
                item = item[int(step["index"])]
            elif step["by"]:
                (item,) = [entry for entry in item if entry[step["by"]] == step["is"]]
            else:
                item = item[step["key"] or step["quoted"]]
        except (KeyError, IndexError, TypeError, ValueError):
            return _ABSENT
    return item
