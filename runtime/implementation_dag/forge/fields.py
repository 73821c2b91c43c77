"""A JSON object of a forge, read field by field: what is missing or of another type is half an answer."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from .errors import Unclear

Kind = TypeVar("Kind")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAMES: dict[type, str] = {str: "text", int: "a number", bool: "true or false", dict: "an object", list: "a list"}


class Fields:
    """An object in an answer; `where` names the call, and the way to the object."""

    def __init__(self, data: Any, where: str) -> None:
        self._data: dict[str, Any] = _of_kind(data, dict, where)
        self._where = where

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._data

    def text(self, name: str) -> str:
        """Return a text, in which no lone surrogate is left that no stream and no API takes."""
        return self._typed(name, str).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def optional(self, name: str) -> str:
        """Return a text, empty where the forge says null or nothing."""
        return "" if self._data.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """Return a whole number."""
        return self._typed(name, int)

    def flag(self, name: str) -> bool:
        """Return a boolean."""
        return self._typed(name, bool)

    def commit(self, name: str) -> str:
        """Return the full name of a commit."""
        found = self._typed(name, str)
        if not _COMMIT.fullmatch(found):
            raise Unclear(f"{self._where}.{name}: {found[:80]!r} is no commit, which has 40 hexadecimal digits")
        return found

    def inner(self, name: str) -> Fields:
        """Return an object."""
        return Fields(self._data.get(name), f"{self._where}.{name}")

    def inner_or_none(self, name: str) -> Fields | None:
        """Return an object, or None where the forge says that there is none."""
        return None if name in self._data and self._data[name] is None else self.inner(name)

    def each(self, name: str) -> list[Fields]:
        """Return the objects of a list."""
        return objects(self._data.get(name), f"{self._where}.{name}")

    def _typed(self, name: str, kind: type[Kind]) -> Kind:
        return _of_kind(self._data.get(name), kind, f"{self._where}.{name}")


def objects(data: Any, where: str) -> list[Fields]:
    """Return the objects of a list in an answer. Raises Unclear when it is none."""
    return [Fields(item, f"{where}[{index}]") for index, item in enumerate(items(data, where))]


def items(data: Any, where: str) -> list[Any]:
    """Return what a list in an answer holds, whatever it is. Raises Unclear when it is none."""
    return _of_kind(data, list, where)


def _of_kind(value: Any, kind: type[Kind], where: str) -> Kind:
    # To Python true is a number, to JSON it is none.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Unclear(f"{where}: {repr(value)[:80]}, {_NAMES[kind]} is needed")
    return value
