"""The template that runs agents has the parameters that the pipeline gives and takes, or what it lacks is named."""

from __future__ import annotations

from typing import Any

import pytest

from implementation_dag.check import agents
from implementation_dag.check.finding import Level


def template(inputs: tuple[str, ...] = agents.INPUTS, outputs: tuple[str, ...] = agents.OUTPUTS) -> dict[str, Any]:
    def parameters(names: tuple[str, ...]) -> dict[str, Any]:
        return {"parameters": [{"name": name} for name in names]}

    main = {"name": "main", "inputs": parameters(inputs), "outputs": parameters(outputs)}
    return {"spec": {"templates": [{"name": "other"}, main]}}


def test_the_interface_with_more_than_that_is_good() -> None:
    found = template((*agents.INPUTS, "more"), (*agents.OUTPUTS, "more"))
    assert agents.interface(found, "platform", "main").level == Level.OK


@pytest.mark.parametrize("found", [None, {"spec": {"templates": [{"name": "other"}]}}])
def test_what_is_not_there_is_told_with_its_name(found: dict[str, Any] | None) -> None:
    told = agents.interface(found, "platform", "main")
    assert (told.level, told.subject, told.message) == (Level.PROBLEM, "platform/main", "not there")


@pytest.mark.parametrize("name", agents.INPUTS)
def test_each_input_that_lacks_is_named(name: str) -> None:
    told = agents.interface(template(inputs=tuple({*agents.INPUTS} - {name})), "platform", "main")
    assert (told.level, told.message) == (Level.PROBLEM, f"lacks input {name}")


def test_without_any_parameters_all_are_named() -> None:
    told = agents.interface({"spec": {"templates": [{"name": "main"}]}}, "platform", "main")
    assert all(name in told.message for name in (*agents.INPUTS, *agents.OUTPUTS))
