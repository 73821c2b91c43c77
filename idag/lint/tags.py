"""Argo's `{{...}}`: find them in text and take the variables out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_EXPRESSION_STEP = r"(?:\??\.[A-Za-z_]\w*|\[\s*(?:'[^']*'|\"[^\"]*\")\s*\])"
_ROOTS = "workflow|inputs|outputs|tasks|steps|item|pod|node|cronworkflow|lastRetry|retries|template"
_IN_EXPRESSION = re.compile(rf"(?<![\w.'\"])({_ROOTS})\b({_EXPRESSION_STEP}*)")
_BRACKET = re.compile(r"\[\s*['\"]([^'\"]*)['\"]\s*\]")

# What Argo itself makes up; nobody who submits a workflow chooses these characters.
_OWN = re.compile(
    r"workflow\.(name|uid|namespace|status|duration|priority|serviceAccountName|mainEntrypoint|creationTimestamp(\..*)?"
    r"|scheduledTime)|pod\.name|node\.name|retries|lastRetry\.(exitCode|duration|status)|cronworkflow\.(name|namespace)"
    r"|(tasks|steps)\.[^.]+\.(id|status|exitCode|startedAt|finishedAt|ip)"
    r"|(inputs|outputs)\.(artifacts|parameters)\.[^.]+\.path"
)


# What a program, an author or a submitter wrote in free text.
_OUTSIDE = re.compile(
    r"workflow\.(failures|annotations(\..*)?)|lastRetry\.message|outputs\.result|(tasks|steps)\.[^.]+\.(outputs\.result|message)"
)
# Expressions whose result cannot hold braces, whatever the variable `v` holds.
_ENCODED = re.compile(r"=\s*(?:sprig\.)?(?:b64enc|sha256sum)\(\s*(?P<v>[^()]+?)\s*\)\s*")
_CLASSES = r"(?:\[[^\]^{}$][^\]{}$]*\](?:\{[0-9,]+\}|[+*?])?)+"
_CHECKED = re.compile(rf"=\s*(?P<v>\S+) matches '\^{_CLASSES}\$' \? (?P=v) : '[^'{{}}]*'\s*")


class Tag(NamedTuple):
    """One `{{...}}`. `variables` are dotted names without brackets: `tasks.a.outputs.result`."""

    text: str
    is_expression: bool
    variables: tuple[str, ...]

    @property
    def is_harmless(self) -> bool:
        """Whether it holds only what Argo makes up itself."""
        return bool(self.variables) and all(_OWN.fullmatch(name) for name in self.variables)

    @property
    def outside(self) -> tuple[str, ...]:
        """The variables of free text from outside that come out of it as they stand."""
        safe = self.is_expression and (_ENCODED.fullmatch(self.text) or _CHECKED.fullmatch(self.text))
        return () if safe else tuple(name for name in self.variables if _OUTSIDE.fullmatch(name))

    @property
    def is_quoted_json(self) -> bool:
        """Whether an expression writes its value as JSON, which YAML reads as one scalar whatever it holds."""
        return self.is_expression and bool(re.fullmatch(r"=\s*(sprig\.)?toJson\(.*\)\s*", self.text, re.DOTALL))


def _end(text: str) -> int:
    """Where the last tag can end: behind it, each `{{` would be looked for through the whole rest of the text."""
    return text.rfind("}}") + 2


def replaced(text: str, by: str | Callable[[re.Match[str]], str]) -> str:
    """The text with its tags replaced."""
    return TAG.sub(by, text[: _end(text)]) + text[_end(text) :]


def find(text: str) -> Iterator[Tag]:
    """Yield the tags of a text."""
    for match in TAG.finditer(text[: _end(text)]):
        inner = match.group(1)
        if inner.lstrip().startswith("="):
            found = (root + _dotted(rest) for root, rest in _IN_EXPRESSION.findall(inner))
            yield Tag(inner.strip(), True, tuple(dict.fromkeys(found)))
        else:
            yield Tag(inner.strip(), False, (_dotted(inner.strip()),))


def in_expression(text: str) -> tuple[str, ...]:
    """The variables of an expression without braces, as in `when` or `expression`."""
    return tuple(dict.fromkeys(root + _dotted(rest) for root, rest in _IN_EXPRESSION.findall(text)))


def strings(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every string inside `node` with its path; keys of maps are not looked at."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from strings(value, (*path, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from strings(value, (*path, index))


def _dotted(text: str) -> str:
    return _BRACKET.sub(r".\1", text).replace("?.", ".")
