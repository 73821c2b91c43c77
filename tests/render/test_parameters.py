"""The chart says of each parameter what contract/parameters.py says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from implementation_dag.contract.parameters import BY_NAME, PARAMETERS, Number, Parameter, Text
from scripts.chart.render import Objects, RenderError
from scripts.chart.render.manifests import load
from scripts.chart.render.objects import by_name
from scripts.chart.render.plugin import Renderer
from scripts.chart.render.project import CHART

from .test_pipeline import pipeline

# Values that say the same of a pull request as a parameter of a run does.
SAME = {
    "evidence.retention.owners[]": "owner",
} | {parameter.setting: parameter.name for parameter in PARAMETERS if parameter.setting}


def rule(path: str) -> dict[str, Any]:
    """What values.schema.json says of the value at `path`."""
    found: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    for key in path.split("."):
        found = found["properties"][key.removesuffix("[]")]
        found = found["items"] if key.endswith("[]") else found
    return {key: value for key, value in found.items() if key != "description"}


def wanted(limits: Text | Number) -> dict[str, Any]:
    """The limits as values.schema.json says them."""
    if isinstance(limits, Number):
        whole = {"type": "integer"} if not limits.decimals else {"type": "number", "multipleOf": 10**-limits.decimals}
        return whole | {"minimum": limits.minimum, "maximum": limits.maximum}
    never = {"not": {"pattern": f"^(?:{limits.never})$"}} if limits.never else {}
    most = {"maxLength": limits.most} if limits.most else {}
    return {"type": "string", "pattern": f"^(?:{limits.pattern})$"} | never | most


@pytest.mark.parametrize("path", SAME)
def test_the_schema_of_the_values_has_the_limits_of_the_parameter(path: str) -> None:
    assert rule(path) == wanted(BY_NAME[SAME[path]].limits)


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


def test_set_params_is_given_every_parameter(objects: Objects) -> None:
    environment = by_name(pipeline(objects).templates["set-params"]["container"]["env"])
    assert [name for name in environment if name.startswith("ARG_")] == [f"ARG_{name}" for name in BY_NAME]


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
        ("chartPath", ""),
        ("chartPath", "/x"),
    ],
)
def test_what_a_run_would_refuse_is_refused_by_the_chart(name: str, value: object, render: Renderer) -> None:
    with pytest.raises(RenderError, match=f"/defaults/{name}"):
        render(values={"defaults": {name: value}})
