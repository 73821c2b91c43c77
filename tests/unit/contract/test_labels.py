"""Keys of labels and annotations are spelled once in Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from implementation_dag.contract import labels

ROOT = Path(__file__).parents[3]
HOME = Path(labels.__file__)


def spelled(text: str) -> list[str]:
    """The strings in Python `text` that hold our API group, docstrings left out."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [str(node.value) for node in strings if id(node) not in told and labels.GROUP in str(node.value)]


def test_nobody_else_spells_our_keys() -> None:
    files = [path for folder in ("runtime", "scripts", "idag") for path in (ROOT / folder).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix(): spelled(path.read_text()) for path in files if path != HOME}
    assert {path: texts for path, texts in found.items() if texts} == {}
    assert spelled(HOME.read_text()) == [labels.GROUP]


@pytest.mark.parametrize("text", ['x = "implementation-dag.dev/host"', 'f"agentruns.implementation-dag.dev{x}"'])
def test_a_second_spelling_is_found(text: str) -> None:
    assert spelled(f'"""Of implementation-dag.dev."""\n{text}')


def test_own_keys_are_all_keys_with_our_prefix() -> None:
    named = {value for name, value in vars(labels).items() if name.isupper() and isinstance(value, str)}
    assert {value for value in named if value.startswith(f"{labels.GROUP}/")} == set(labels.OWN)


def test_a_pod_inherits_the_run_s_labels_and_nothing_else() -> None:
    given = {"pr": "7", labels.RELEASE: "one", labels.FENCED: "one", "app": "x"}
    assert labels.inherited(given) == {"pr": "7", labels.RELEASE: "one"}
