"""What a change costs: the hand-edited files that spell an existing thing of its kind are those that a new one touches.

Nothing is listed by hand. Things of a kind are read from where they are declared, each is looked for in every file, and
the one with the median number of files stands for its kind. Tests, and the benchmark that repeats them, are counted
apart, except for what is itself a test.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import yaml

from implementation_dag.contract.stages import STAGES

from .files import Files

VALUES = "charts/implementation-dag/values.yaml"
WORKFLOW = "charts/implementation-dag/templates/workflow/workflowtemplate.yaml"
ATTACKS = "tests/e2e/isolation/attacks.yaml"


@dataclass(frozen=True)
class Cost:
    """The files that name `example`; `tests` are those of tests."""

    example: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    most: int


@dataclass(frozen=True)
class Kind:
    """`find` reads the things of the kind, each with the pattern of its spellings."""

    name: str
    most: int
    find: Callable[[Files], dict[str, re.Pattern[str]]]
    # The thing is part of the tests: so they are what is edited.
    is_test: bool = False


def spellings(words: str) -> re.Pattern[str]:
    """Return a pattern for `a_name`, `aName`, `A_NAME` and `a-name`, whichever is given."""
    parts = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+", words)
    return re.compile(rf"(?<![A-Za-z0-9]){'[-_]?'.join(map(re.escape, parts))}(?![A-Za-z0-9])", re.IGNORECASE)


def exactly(word: str) -> re.Pattern[str]:
    """Return a pattern for the word as it is; a function of that name is another thing."""
    return re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(word)}(?![A-Za-z0-9_(-])")


def thresholds(files: Files) -> dict[str, re.Pattern[str]]:
    """The limits of acceptance: numbers among the workflow's default arguments."""
    given = yaml.safe_load(files.texts[VALUES])["defaults"]
    return {name: spellings(name) for name, value in given.items() if isinstance(value, int | float)}


def stages(files: Files) -> dict[str, re.Pattern[str]]:
    """The stages that an agent works in."""
    return {stage.task: spellings(stage.task) for stage in STAGES if stage.agent and "-" in stage.task}


def values(files: Files) -> dict[str, re.Pattern[str]]:
    """Values whose name no other value has."""
    leaves = [name for name, _ in _leaves(yaml.safe_load(files.texts[VALUES]))]
    names = [name for name in leaves if re.fullmatch(r"[a-z]+[A-Z]\w+", name)]
    return {name: exactly(name) for name in names if names.count(name) == 1}


def environments(files: Files) -> dict[str, re.Pattern[str]]:
    """The overlays whose names are no words that anything else has."""
    found = {name.split("/")[2] for name in files.below("kustomize/overlays/")}
    return {name: exactly(name) for name in found if name not in ("dev", "production")}


def lint_rules(files: Files) -> dict[str, re.Pattern[str]]:
    """The rules of our own lint."""
    found = {code for text in files.below("idag/").values() for code in re.findall(r"\"(IDAG\d{3})\"", text)}
    return {code: exactly(code) for code in sorted(found)}


def attacks(files: Files) -> dict[str, re.Pattern[str]]:
    """The cases of the attack corpus."""
    return {item["name"]: exactly(item["name"]) for item in yaml.safe_load(files.texts[ATTACKS])}


KINDS = (
    Kind("threshold", 5, thresholds),
    Kind("stage", 8, stages),
    Kind("value", 3, values),
    Kind("environment", 4, environments),
    Kind("lint_rule", 2, lint_rules, is_test=True),
    Kind("attack", 2, attacks, is_test=True),
)


def cost(kind: Kind, files: Files) -> Cost:
    """Return the cost of the thing with the median number of files."""
    found = sorted(
        (cost_of(name, pattern, kind, files) for name, pattern in kind.find(files).items()),
        key=lambda one: (len(one.files), one.example),
    )
    return found[(len(found) - 1) // 2]


def cost_of(name: str, pattern: re.Pattern[str], kind: Kind, files: Files) -> Cost:
    """Return the files that spell one thing, in their text or in their name; a copy of another file is not edited."""
    copies = Counter(files.texts.values())
    named = [
        path
        for path, text in files.texts.items()
        if found_in(text, name, pattern) or (copies[text] == 1 and found_in(path, name, pattern))
    ]
    tests = [path for path in named if path.startswith(("tests/", "benchmarks/")) and not kind.is_test]
    return Cost(name, tuple(path for path in named if path not in tests), tuple(tests), kind.most)


def found_in(text: str, name: str, pattern: re.Pattern[str]) -> bool:
    """Say whether `text` spells the thing; the cheap look first, where the name has one spelling."""
    return (bool(pattern.flags & re.IGNORECASE) or name in text) and pattern.search(text) is not None


def _leaves(item: object) -> Iterable[tuple[str, object]]:
    if isinstance(item, dict):
        for name, value in item.items():
            if not isinstance(value, dict):
                yield str(name), value
            yield from _leaves(value)
