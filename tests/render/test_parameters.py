"""The chart says of each parameter what contract/parameters.py says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from idag.render import RenderError
from idag.render.manifests import load
from idag.render.objects import by_name
from implementation_dag.contract.parameters import BY_NAME, PARAMETERS, Parameter
from scripts.chart.render.plugin import Renderer
from scripts.chart.render.project import CHART

from .test_pipeline import pipeline


def test_the_workflow_template_has_these_parameters_descriptions_and_defaults(render: Renderer) -> None:
    found = pipeline(render()).spec["arguments"]["parameters"]
    told = [(item["name"], item["description"], item.get("value")) for item in found]
    defaults = [default_of(parameter) for parameter in PARAMETERS]
    assert told == [(p.name, p.description, value) for p, value in zip(PARAMETERS, defaults, strict=True)]
    assert defaults == [parameter.default for parameter in PARAMETERS]


def default_of(parameter: Parameter) -> str | None:
    """The default that values.yaml gives, where it gives it."""
    if not parameter.setting:
        return parameter.default
    found: Any = load((CHART / "values.yaml").read_text())
    for key in parameter.setting.split("."):
        found = found[key]
    return str(found)


def test_every_default_keeps_the_limits() -> None:
    for parameter in PARAMETERS:
        if parameter.default is not None:
            filled = re.sub(r"\{\{.*?\}\}", "7", parameter.default)
            assert parameter.accepts(filled), parameter.name


@pytest.mark.parametrize("share", [0, 0.000001, 0.00001, 0.95, 0.999999, 1, 1.0])
def test_a_share_reaches_a_run_as_it_takes_it(share: float, render: Renderer) -> None:
    """Printed as it is, 0.00001 becomes 1e-05, which set-params refuses."""
    objects = render(values={"defaults": {"minSuccessPct": share}})
    default = by_name(pipeline(objects).spec["arguments"]["parameters"])["min_success_pct"]["value"]
    assert BY_NAME["min_success_pct"].accepts(default)
    assert float(default) == share


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minSuccessPct", 0.9999999),
        ("minSuccessPct", 1.5),
        ("maxP95Ms", 600_001),
        ("requestsPerHost", 0),
        ("domain", "example"),
        ("chartPath", ""),
        ("chartPath", "/x"),
        ("valuesFile", "values.json"),
    ],
)
def test_what_a_run_would_refuse_is_refused_by_the_chart(name: str, value: object, render: Renderer) -> None:
    with pytest.raises(RenderError, match=f"/defaults/{name}"):
        render(values={"defaults": {name: value}})
