"""Find the actions `{{ ... }}` of a Go template, with strings, comments and trim marks told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from implementation_dag.base.errors import CommandError

_STRING = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|' + r"'(?:\\.|[^'\\\n])*'"
_ACTION = re.compile(
    r"\{\{(?P<left>-(?=\s))?\s*"
    rf"(?:/\*.*?\*/|(?P<keyword>else\s+(?:if|with)\b|(?:if|with|range)\b|[a-z]+\b(?![\w.]))?\s*(?P<pipeline>(?:{_STRING}|[^\"`'}}]|\}}(?!\}}))*?))"
    r"\s*(?P<right>(?<=\s)-)?\}\}",
    re.DOTALL,
)
KEYWORDS = frozenset(
    ["if", "else", "else if", "else with", "end", "range", "with", "define", "block", "template", "break", "continue"]
)
_STRINGS = re.compile(_STRING, re.DOTALL)


class TemplateError(CommandError):
    """The text is no Go template; the message names file and line."""


@dataclass(frozen=True)
class Action:
    """One action. `start` and `end` are the offsets of its braces, `at` that of its pipeline."""

    start: int
    end: int
    at: int
    line: int
    keyword: str
    pipeline: str
    trims_left: bool


def scan(text: str, name: str) -> Iterator[Action]:
    """Yield the actions in order; `keyword` is empty for one that prints. Raises TemplateError."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        line = text.count("\n", 0, start) + 1
        found = _ACTION.match(text, start)
        if not found:
            raise TemplateError(f"{name}:{line}: the action has no end")
        keyword = " ".join((found["keyword"] or "").split())
        at = found.start("pipeline")
        if keyword not in KEYWORDS:
            # A function called by its bare name, such as `{{ include "x" . }}`.
            keyword, at = "", found.start("keyword") if keyword else at
        pipeline = text[at : found.end("pipeline")] if at >= 0 else ""
        yield Action(start, found.end(), at, line, keyword, pipeline, bool(found["left"]))
        position = found.end()


def without_strings(pipeline: str) -> str:
    """Return the pipeline with the content of its strings blanked, offsets kept."""
    return _STRINGS.sub(lambda found: " " * len(found[0]), pipeline)
