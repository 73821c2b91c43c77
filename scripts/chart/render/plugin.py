"""pytest plugin for tests of a chart: `render`, `objects`; `-p scripts.chart.render.plugin --chart PATH --cases DIR`.

    def test_one_controller(render):
        assert render("production").deployment("implementation-dag-controller").spec["replicas"] == 1

    def test_no_pod_runs_as_root(objects):  # once for each case
        ...

Without options it is this project's own chart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from idag.render.objects import Objects
from idag.render.snapshots import Snapshots
from idag.render.suite import Suite
from idag.render.targets import NEWEST, Target
from scripts.chart.render.project import SUITE

Renderer = Callable[..., Objects]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("render", "rendered charts")
    group.addoption("--chart", type=Path, help="folder of the chart that the fixtures render")
    group.addoption("--cases", type=Path, help="folder of values files, each a case")
    group.addoption("--overlays", type=Path, help="folder of Kustomize overlays, each a case")
    group.addoption("--ci", type=Path, help="folder of <name>-values.yaml, each the case ci/<name>")
    group.addoption("--snapshots", type=Path, help="folder of snapshots")
    group.addoption("--release", default="", help="name of the release; the chart's own when not given")
    group.addoption("--namespace", default="default", help="namespace of the release")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    own = any("case" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "case" in metafunc.fixturenames and not own:
        metafunc.parametrize("case", _suite(metafunc.config).cases)


@pytest.fixture(scope="session")
def suite(pytestconfig: pytest.Config) -> Suite:
    """The chart under test with its cases."""
    return _suite(pytestconfig)


@pytest.fixture(scope="session")
def snapshots(suite: Suite) -> Snapshots:
    """The chart's snapshots."""
    return Snapshots(suite)


@pytest.fixture(scope="session")
def render(suite: Suite) -> Renderer:
    """Function `render(case="default", values=None, target=NEWEST)` that gives Objects of its own to the test."""

    def rendered(case: str = "default", values: Mapping[str, Any] | None = None, target: Target = NEWEST) -> Objects:
        # By way of JSON: a copy in a tenth of the time that copy.deepcopy takes.
        return Objects(json.loads(json.dumps(suite.render(case, target, values).objects.plain)))

    return rendered


@pytest.fixture
def objects(case: str, render: Renderer) -> Objects:
    """The objects of each case in turn."""
    return render(case)


def _suite(config: pytest.Config) -> Suite:
    chart = config.getoption("--chart")
    if chart is None:
        return SUITE
    return Suite(
        chart=chart.resolve(),
        cases_folder=config.getoption("--cases"),
        overlays=config.getoption("--overlays"),
        ci=config.getoption("--ci"),
        snapshots=config.getoption("--snapshots"),
        release=config.getoption("--release"),
        namespace=config.getoption("--namespace"),
    )
