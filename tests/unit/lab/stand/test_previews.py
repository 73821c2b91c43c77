"""The demo removes the previews that its own runs made, and nobody else's."""

from typing import Any

import pytest

from scripts.lab.stand import previews


def namespace(workflow: str = "demo-abc", managed_by: str = "implementation-dag", repo: str = "shop") -> dict[str, Any]:
    annotations = {"implementation-dag.dev/owner": "acme", "implementation-dag.dev/repo": repo}
    return {"metadata": {"labels": {"managed-by": managed_by, "workflow": workflow}, "annotations": annotations}}


def test_a_preview_of_the_demo_is_its_own() -> None:
    assert previews.made_by_demo(namespace())


@pytest.mark.parametrize(
    "other",
    [namespace(workflow="nightly-abc"), namespace(managed_by="somebody"), namespace(repo="other"), {"metadata": {}}],
)
def test_everything_else_stays(other: dict[str, Any]) -> None:
    assert not previews.made_by_demo(other)
