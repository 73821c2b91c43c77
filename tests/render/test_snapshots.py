"""Every case renders for every target what its snapshots say; `make snapshots` rewrites them after a wanted change."""

import pytest

from idag.render.report import report
from idag.render.snapshots import Snapshots
from idag.render.suite import Suite


def test_rendered_as_kept(case: str, snapshots: Snapshots) -> None:
    if found := snapshots.differences(case):
        pytest.fail(f"{report(found, snapshots.suite.targets)}\nif it is wanted: `make snapshots`", pytrace=False)


def test_no_snapshot_is_stale(snapshots: Snapshots) -> None:
    assert snapshots.misplaced() == []


def test_nothing_is_made_up_at_each_render(suite: Suite) -> None:
    """Argo CD would see a difference at each comparison."""
    first, second = (suite.render("default", sample=sample).objects.plain for sample in (0, 1))
    assert first == second


def test_helm_warns_of_nothing(case: str, suite: Suite) -> None:
    assert suite.render(case).warnings == ""
