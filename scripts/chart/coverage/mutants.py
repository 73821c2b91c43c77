"""Small changes of a chart's templates, each of which some test should notice."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.chart.coverage.actions import Action, without_strings
from scripts.chart.coverage.blocks import Template
from scripts.chart.coverage.references import references
from scripts.chart.coverage.values import Path, Values, dotted

_ASSIGNMENT = re.compile(r"^\$\w+\s*(,\s*\$\w+\s*)?:=\s*")
_OPERATORS = {
    "and": "or",
    "or": "and",
    "eq": "ne",
    "ne": "eq",
    "lt": "ge",
    "ge": "lt",
    "gt": "le",
    "le": "gt",
    "not": "",
}
_OPERATOR = re.compile(rf"(?<![\w.$-])(?:{'|'.join(_OPERATORS)})(?=\s)")


@dataclass(frozen=True)
class Mutant:
    """One change: `text` is the whole new content of `file`, a path in the chart; `what` says it in words.

    `value` is the one whose default or use it changes; of other changes it is empty.
    """

    kind: str
    file: str
    line: int
    what: str
    text: str
    value: Path = ()

    def diff(self, original: str) -> str:
        """The change as a unified diff with one line of context."""
        lines = difflib.unified_diff(
            original.splitlines(), self.text.splitlines(), self.file, self.file, n=1, lineterm=""
        )
        return "\n".join(lines)


def template_mutants(template: Template, values: Values) -> Iterator[Mutant]:
    """Yield the changes of a template, no two of which give the same text."""
    seen = {template.text}
    for mutant in _all(template, values):
        if mutant.text not in seen:
            seen.add(mutant.text)
            yield mutant


def _all(template: Template, values: Values) -> Iterator[Mutant]:
    for action in template.actions:
        words = f"{action.keyword} {action.pipeline}"
        if action.keyword in ("if", "else if"):
            yield _pipeline(template, action, "condition", f"`{words}` never holds", "and ({}) false")
            yield _pipeline(template, action, "condition", f"`{words}` always holds", "or ({}) true")
        elif action.keyword in ("with", "else with"):
            yield _pipeline(template, action, "condition", f"`{words}` is always empty", "and ({}) false")
        elif action.keyword == "range":
            yield _pipeline(template, action, "range", f"`{words}` never runs", "list")
        yield from _operators(template, action)
    for block in template.blocks:
        for arm in block.arms if block.decides else ():
            if arm.opening and arm.opening.keyword == "else":
                text = template.text[: arm.start] + template.text[arm.end :]
                what = f"the else of `{block.keyword} {block.opening.pipeline}` is gone"
                yield Mutant("else", template.name, arm.opening.line, what, text)
    for use in references(template, values):
        text = _spliced(template, use.start, use.end, _literal(values.default(use.path)))
        what = f"{dotted(use.path)} is fixed at its default here"
        yield Mutant("fixed value", template.name, _line(template, use.start), what, text, use.path)


def _operators(template: Template, action: Action) -> Iterator[Mutant]:
    for found in _OPERATOR.finditer(without_strings(action.pipeline)):
        other = _OPERATORS[found[0]]
        text = _spliced(template, action.at + found.start(), action.at + found.end(), other)
        yield Mutant("operator", template.name, action.line, f"`{found[0]}` becomes `{other or 'nothing'}`", text)


def _pipeline(template: Template, action: Action, kind: str, what: str, pattern: str) -> Mutant:
    assignment = _ASSIGNMENT.match(action.pipeline)
    kept = assignment[0] if assignment else ""
    # Go reads `with.Values.x`, people write it.
    gap = "" if template.text[action.at - 1].isspace() else " "
    pipeline = gap + kept + pattern.format(action.pipeline[len(kept) :])
    text = _spliced(template, action.at, action.at + len(action.pipeline), pipeline)
    return Mutant(kind, template.name, action.line, what, text)


def _spliced(template: Template, start: int, end: int, new: str) -> str:
    return template.text[:start] + new + template.text[end:]


def _literal(value: object) -> str:
    # Through JSON, so that numbers have the type that values have.
    return f"(fromJson {json.dumps(json.dumps({'value': value}))}).value"


def _line(template: Template, offset: int) -> int:
    return template.text.count("\n", 0, offset) + 1
