"""Each rule finds its bad example and leaves its good one alone (tests/lint/examples/<rule>.yaml).

A `sample` in the file has the faults of the specification's sample that the rule finds: test_spec_sample.py.
"""

from pathlib import Path
from typing import Any

import pytest

from idag.lint import RULES, lint
from idag.render.manifests import Object, load

EXAMPLES = Path(__file__).parent / "examples"


def objects(example: dict[str, Any]) -> list[Object]:
    if "objects" in example:
        return list(example["objects"])
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": "example"}}
    return [{**workflow, "spec": example["spec"]}]


def test_every_rule_has_an_example() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == set(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_finds_the_bad_and_leaves_the_good(name: str) -> None:
    example = load((EXAMPLES / f"{name}.yaml").read_text())
    bad = [finding for finding in lint(objects(example["bad"])) if finding.rule == name]
    good = [finding for finding in lint(objects(example["good"])) if finding.rule == name]
    assert bad
    assert not good, "\n".join(map(str, good))


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_why_in_one_line(name: str) -> None:
    rule = RULES[name]
    assert rule.title
    assert 20 < len(rule.why) < 160
    assert "\n" not in rule.why
