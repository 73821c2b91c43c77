"""Whatever stands in the objects, the lint answers: by findings or by one line, with one of its three exit codes."""

import copy
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idag.cli import run
from idag.lint import RULES, lint
from idag.render.manifests import Object, objects
from idag.schemas.reading import read

SHAPES = Path(__file__).parent / "shapes"
RENDERED = Path(__file__).parents[2] / "kustomize" / "rendered" / "dev" / "manifests.yaml"
# A subprocess and whole schemas: they get fewer inputs.
SLOW = ("IDAG002", "IDAG003", "IDAG711")
INPUTS, WHOLE_INPUTS = {"workflow": 1000, "objects": 2000}, 150
WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**70, 1.5, "", "x", "{{inputs.parameters.x}}", "ä\u2028", "{{" * 50, "kind: [", "- " * 20),
    *([], {}, [None], [[]], [{}], [0], {"name": []}, {"": None}, [{"name": {}}, "x"], {"name": "x", "template": 1}),
)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (mapping or list, key or index) below the node."""
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from places(node[key])


def mutate(given: Object, chance: random.Random) -> None:
    node, key = chance.choice(list(places(given)))
    how = chance.randrange(6)
    if how == 0:
        del node[key]
    elif how == 1:
        node[key] = [node[key]]
    elif how == 2:
        node[key] = {"name": node[key]}
    elif how == 3 and isinstance(node[key], list) and node[key]:
        node[key].append(copy.deepcopy(chance.choice(node[key])))
    else:
        node[key] = copy.deepcopy(chance.choice(WRONG))


def mutants(given: list[Object], seed: int, count: int) -> Iterator[list[Object]]:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(count):
        changed = copy.deepcopy(given)
        for _ in range(chance.randint(1, 4)):
            mutate(chance.choice(changed), chance)
        yield changed


def kept(changed: list[Object]) -> list[Object]:
    """Those that are objects at all; the others are refused before the rules see them."""
    return [item for item in changed if is_object(item)]


def is_object(item: Object) -> bool:
    metadata = item.get("metadata")
    name = isinstance(metadata, dict) and (metadata.get("name") or metadata.get("generateName"))
    return all(isinstance(text, str) for text in (item.get("apiVersion"), item.get("kind"), name))


@pytest.mark.parametrize("name", INPUTS)
def test_rules_bear_any_type_anywhere(name: str) -> None:
    quick = [rule for rule in RULES if rule not in SLOW]
    for changed in mutants(read([SHAPES / f"{name}.yaml"]), 1, INPUTS[name]):
        lint(kept(changed), quick)


def test_rules_bear_what_is_wrong_in_our_own_chart() -> None:
    quick = [rule for rule in RULES if rule not in SLOW]
    chart = [item for item in read([RENDERED]) if item["kind"] in ("WorkflowTemplate", "ClusterRole", "Deployment")]
    for changed in mutants(chart, 2, 30):
        lint(kept(changed), quick)


def test_the_command_ends_in_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = read([SHAPES])
    for changed in mutants(given, 3, WHOLE_INPUTS):
        monkeypatch.setattr("sys.stdin", io.StringIO("\n---\n".join(map(json.dumps, changed))))
        code = run(["lint", "-"])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        assert (code, bool(told.err)) == (2, True) if told.err else (code, bool(told.out)) == (1, True)


def found(spec: str, kind: str = "Workflow") -> str:
    item = objects(f"{{apiVersion: argoproj.io/v1alpha1, kind: {kind}, metadata: {{name: a}}, spec: {spec}}}")
    return "\n".join(map(str, lint(item)))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{entrypoint: a, arguments: [{name: p, value: x}]}", "Workflow/a spec.arguments: IDAG002 "),
        ("{entrypoint: a, templates: {a: {}}}", "Workflow/a spec.templates: IDAG002 "),
        ("{entrypoint: a, templates: [{name: a, inputs: [x]}]}", "Workflow/a spec.templates[a].inputs: IDAG002 "),
        (
            "{entrypoint: a, templates: [{name: a, dag: {tasks: [{name: t, inline: {container: {command: sh}}}]}}]}",
            "Workflow/a spec.templates[a].dag.tasks[t].inline.container.command: IDAG002 'sh' is no list",
        ),
    ],
)
def test_a_wrong_type_is_told_with_its_path(spec: str, told: str) -> None:
    assert told in found(spec)


@pytest.mark.parametrize("text", ["{{", "date ", "curl x "], ids=["tags without end", "date", "curl"])
def test_a_long_text_is_read_once(text: str) -> None:
    # Looked for from each place through the whole rest, this takes minutes.
    script = {"image": "alpine:3", "command": ["sh"], "source": text * 20_000}
    spec = {"entrypoint": "a", "templates": [{"name": "a", "script": script}]}
    item = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"}, "spec": spec}
    assert lint([item], [rule for rule in RULES if rule not in SLOW])
