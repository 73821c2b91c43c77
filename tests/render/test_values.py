"""A wrong value is refused by name."""

from typing import Any

import pytest

from scripts.render import RenderError, Suite


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"git": {"baseUrl": "github.com"}}, "/git/baseUrl"),
        ({"agents": {"refernce": {}}}, "refernce"),
        ({"deploy": {"helmTimeout": 10}}, "/deploy/helmTimeout"),
        ({"preview": {"ttlHours": "soon"}}, "/preview/ttlHours"),
        ({"acceptance": {"paths": []}}, "/acceptance/paths"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], named: str, suite: Suite) -> None:
    with pytest.raises(RenderError, match=named):
        suite.render(values=values)
