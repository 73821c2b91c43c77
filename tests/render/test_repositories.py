"""What values let a repository say of itself reaches the steps, and is what the runtime knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idag.render import Objects, RenderError
from idag.render.manifests import load
from idag.render.objects import by_name
from implementation_dag.contract import repository
from implementation_dag.contract import settings as contract
from scripts.chart.render.plugin import Renderer
from scripts.chart.render.project import CHART

from .test_pipeline import pipeline


def bounds(objects: Objects) -> repository.Bounds:
    """What deploy and its DocsRun let a repository say."""
    env = by_name(pipeline(objects).templates["deploy"]["container"]["env"])
    told = contract.load(contract.OfDeploy, {"SETTINGS": env["SETTINGS"]["value"]}).repositories
    again = {"repositories": contract.written(told), "names": {}}
    assert contract.load(contract.OfRepository, {"SETTINGS": json.dumps(again)}).repositories == told
    return repository.bounds(told)


def test_the_steps_know_the_bounds_of_values(render: Renderer) -> None:
    allowed = bounds(render())
    values = load((CHART / "values.yaml").read_text())
    assert allowed.settings == repository.schema()["properties"].keys()
    assert allowed.limits == {name: values["defaults"][name] for name in repository.LIMITS}
    assert (allowed.chart_path, allowed.values_file) == ("charts/app", "values-preview.yaml")


def test_an_operator_narrows_them(render: Renderer) -> None:
    values = {"repositories": {"settings": ["limits"], "mostRequestsPerHost": 20}, "defaults": {"maxP95Ms": 700}}
    allowed = bounds(render(values=values))
    assert allowed.settings == {"limits"}
    assert (allowed.most_requests, allowed.limits["maxP95Ms"]) == (20, 700)
    assert not bounds(render(values={"repositories": {"settings": []}})).settings


def test_a_repository_asks_for_no_more_requests_than_acceptance_has_time_for(render: Renderer) -> None:
    values = {"acceptance": {"stepTimeoutSeconds": 20, "timeoutSeconds": 10, "requestsPerSecond": 2}}
    assert bounds(render(values=values)).most_requests == 20


@pytest.mark.parametrize("share", [0, 0.000001, 0.00005, 0.5, 1])
def test_a_share_is_told_as_a_number(share: float, render: Renderer) -> None:
    assert bounds(render(values={"defaults": {"minSuccessPct": share}})).limits["minSuccessPct"] == share


def test_acceptance_gets_it_from_deploy_alone(render: Renderer) -> None:
    """In base64, as deploy wrote it: no text of a repository stands in a template."""
    objects = pipeline(render())
    assert "repository" in by_name(objects.templates["deploy"]["outputs"]["parameters"])
    task = by_name(objects.templates["dag"]["dag"]["tasks"])["acceptance"]
    given = by_name(task["arguments"]["parameters"])["repository"]["value"]
    assert given == "{{tasks.deploy.outputs.parameters.repository}}"
    env = by_name(objects.templates["acceptance"]["container"]["env"])
    assert env["REPOSITORY"]["value"] == "{{inputs.parameters.repository}}"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"repositories": {"settings": ["registry"]}}, "/repositories/settings/0"),
        ({"repositories": {"settings": ["limits", "limits"]}}, "/repositories/settings"),
        ({"repositories": {"mostRequestsPerHost": 1001}}, "/repositories/mostRequestsPerHost"),
        ({"repositories": {"mostRequestsPerHost": 0}}, "/repositories/mostRequestsPerHost"),
        ({"deploy": {"set": {"a": "{secret}"}}}, "/deploy/set/a"),
        ({"deploy": {"set": {"a": "b,c=d"}}}, "/deploy/set/a"),
        ({"deploy": {"set": {"a,b": "c"}}}, "additional properties 'a,b' not allowed"),
    ],
)
def test_other_values_are_refused(values: dict[str, Any], told: str, render: Renderer) -> None:
    with pytest.raises(RenderError, match=told):
        render(values=values)
