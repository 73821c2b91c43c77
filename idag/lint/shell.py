"""Shell code in manifests: the text after `sh -c`, and the source of script templates, wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from idag.render.manifests import Object
from idag.schemas.paths import describe

SHELLS = ("sh", "bash", "dash", "ash", "ksh")
_ONE_LETTER_OPTIONS = re.compile(r"-[a-z]+")
# Programs that take code as the argument after this option.
_INTERPRETERS = {"python": "-c", "python3": "-c", "node": "-e", "perl": "-e", "ruby": "-e"} | dict.fromkeys(
    SHELLS, "-c"
)
_WORD = re.compile(
    r"(?:^|[|;&(`{]|\$\(|\b(?:then|do|else|elif|if|while|until|exec|time)\s|!\s)\s*"
    r"(?:[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s$`(]*)\s+)*"
    r"(?P<word>[A-Za-z][\w.-]*)(?![\w.=-])(?=(?P<rest>[^\n|;&]*))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class ShellText:
    """Code of a shell. `image` is its container's, empty when the object names none."""

    address: str
    path: str
    text: str
    shell: str
    image: str

    @property
    def code(self) -> str:
        """The text without comments and with continued lines joined."""
        lines = [re.sub(r"(^|\s)#.*$", r"\1", line) for line in self.text.splitlines()]
        return "\n".join(lines).replace("\\\n", " ")

    def commands(self) -> Iterator[tuple[str, str]]:
        """Yield (program, rest of its line) of what stands where a command does; good enough for looking up names."""
        for match in _WORD.finditer(self.code):
            yield match["word"], match["rest"]


def find_shell_texts(address: str, at: Callable[[str], str], item: Object) -> Iterator[ShellText]:
    """Yield the shell texts of an object, whatever its kind: any `command` with a shell in it counts."""
    for path, node in _maps(item):
        shell = program_of(node)
        if shell not in SHELLS:
            continue
        image = node.get("image") if isinstance(node.get("image"), str) else ""
        if isinstance(node.get("source"), str):
            yield ShellText(address, at(describe(item, (*path, "source"))), node["source"], shell, image or "")
        elif (place := code_argument(node)) is not None:
            field, index = place
            where = at(f"{describe(item, (*path, field))}[{index}]")
            yield ShellText(address, where, node[field][index], shell, image or "")


def code_argument(node: Object) -> tuple[str, int] | None:
    """Where a container's command and args hold code for an interpreter: (field, index); None when they do not."""
    option = _INTERPRETERS.get(program_of(node))
    if not option:
        return None
    fields = ("command", "args")
    words = [(field, index, word) for field in fields for index, word in enumerate(_list(node.get(field)))]
    for (_, _, word), (field, index, code) in pairwise(words[1:]):
        is_option = isinstance(word, str) and _ONE_LETTER_OPTIONS.fullmatch(word) and option[1] in word
        if is_option and isinstance(code, str):
            return field, index
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def program_of(node: Object) -> str:
    """The program of a container's command, without its folder; empty when the image says it."""
    command = node.get("command")
    first = command[0] if isinstance(command, list) and command else None
    return PurePosixPath(first).name if isinstance(first, str) else ""


def _maps(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Object]]:
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from _maps(value, (*path, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _maps(value, (*path, index))
