"""Every number of the values has limits, and none reaches an object with an exponent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from idag.render import RenderError
from implementation_dag.steps.provision import expiry
from scripts.chart.render.plugin import Renderer

from .walk import PODS, Json, Place, places, put

NUMBERS = [place for place in places() if place.types & {"integer", "number"}]
WHOLE = [place for place in NUMBERS if "integer" in place.types]
# What the largest numbers need beside them: the chart refuses them alone.
RULES = [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP"}]}]
BESIDE = {
    "evidence": {"s3": {"bucket": "evidence"}, "retention": {"owners": ["acme"]}},
    "deploy": {"timeout": "2h"},
    "pods": PODS,
    "rbac": {"clusterScoped": False},
    "preview": {
        "network": {"extraEgress": RULES},
    },
    "acceptance": {"paths": [{"path": "/", "status": [200]}]},
    "agents": {"reference": {"enabled": True, "image": "registry.example.com/agents"}},
    "network": {"apiServer": RULES, "services": RULES, "agents": RULES},
}


def test_every_number_has_a_least_and_a_largest_value() -> None:
    assert len(NUMBERS) > 30
    assert [str(place) for place in NUMBERS if not {"minimum", "exclusiveMinimum"} & place.schema.keys()] == []
    assert [str(place) for place in NUMBERS if "maximum" not in place.schema] == []
    # What Kubernetes and Argo count seconds and bytes in, and what a float holds exactly.
    too_large = [str(place) for place in WHOLE if place.schema["maximum"] > 2**31 - 1]
    assert too_large == []


def test_the_largest_whole_numbers_are_rendered_as_digits(render: Renderer) -> None:
    """Helm reads numbers of values files as floats: printed as they are, 2419200 becomes 2.4192e+06."""
    values: Json = BESIDE
    for place in WHOLE:
        # As it may stand in a values file: 1.2e+07 is a whole number there.
        values = put(values, place.path, float(place.schema["maximum"]))
    objects = render(values=values)
    found = [f"{item.address} {path}: {value}" for item in objects.values() for path, value in floats(item.data)]
    assert found == []


def floats(item: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(item, dict):
        for key, value in item.items():
            yield from floats(value, f"{path}.{key}")
    elif isinstance(item, list):
        for index, value in enumerate(item):
            yield from floats(value, f"{path}[{index}]")
    elif (isinstance(item, float) and item.is_integer()) or (isinstance(item, str) and re.search(r"\de\+\d\d", item)):
        yield path, item


@pytest.mark.parametrize("place", WHOLE, ids=str)
def test_a_number_beyond_its_limit_is_no_value(place: Place) -> None:
    assert place.allows(place.schema["maximum"])
    assert not place.allows(place.schema["maximum"] + 1)
    assert not place.allows(1e20)


def test_a_number_far_too_large_is_refused_by_name(render: Renderer) -> None:
    with pytest.raises(RenderError, match="/workflow/activeDeadlineSeconds"):
        render(values={"workflow": {"activeDeadlineSeconds": 1e20}})


def test_the_longest_stay_of_a_preview_has_an_end() -> None:
    (place,) = (place for place in NUMBERS if place.path == ("preview", "ttlHours"))
    assert expiry(place.schema["maximum"], datetime(2026, 1, 1, tzinfo=UTC))
