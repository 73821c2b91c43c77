"""What companies set around the pipeline: identities in a cloud, placement, labels, users, proxies."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.chart.render import RenderError, Suite
from scripts.chart.render.plugin import Renderer

NAME = "implementation-dag"
BOXES = {"agents": {"reference": {"enabled": True, "image": "registry.example.com/agents:1"}}}
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/evidence"}


def test_each_identity_has_the_annotations_that_values_give_it(render: Renderer) -> None:
    given = {
        name: {"annotations": {"example.com/of": name}} for name in ("runner", "provisioner", "reporter", "controller")
    }
    objects = render(values=BOXES | {"serviceAccounts": given})
    for name, values in given.items():
        assert objects.service_account(f"{NAME}-{name}").annotations == values["annotations"]


def test_no_identity_in_a_cloud_reaches_a_box(render: Renderer, suite: Suite) -> None:
    """A box runs a pull request's code; who steps run as in a cloud is not for it, and there is no value to give it one."""
    accounts = {name: {"annotations": ROLE} for name in ("runner", "provisioner", "reporter", "controller")}
    objects = render(values=BOXES | {"serviceAccounts": accounts})
    assert objects.service_account(f"{NAME}-box").annotations == {}
    with pytest.raises(RenderError, match="box"):
        suite.render(values={"serviceAccounts": {"box": {"annotations": ROLE}}})


@pytest.mark.parametrize("wrong", [{"no key!": "x"}, {"a/b/c": "x"}, {"example.com/count": 7}])
def test_an_annotation_that_is_none_is_refused(wrong: dict[str, Any], suite: Suite) -> None:
    with pytest.raises(RenderError, match="/serviceAccounts/runner/annotations"):
        suite.render(values={"serviceAccounts": {"runner": {"annotations": wrong}}})
