"""The supported versions stand in one file; what cannot read it says the same."""

import re

import pytest

from idag.toolchain.pins import read_pins
from implementation_dag.contract import supported
from scripts.chart.render.project import CHART, ROOT

OLDEST, NEWEST = supported.KUBERNETES[0], supported.KUBERNETES[-1]
SPAN = re.compile(rf"{re.escape(OLDEST)}(-| to ){re.escape(NEWEST)}")


def test_the_chart_refuses_what_is_older() -> None:
    assert f'kubeVersion: ">={OLDEST}.0-0"' in (CHART / "Chart.yaml").read_text()


def test_minors_have_no_gap() -> None:
    (major,) = {version.partition(".")[0] for version in supported.KUBERNETES}
    minors = [supported.numbers(version)[1] for version in supported.KUBERNETES]
    assert (major, minors) == ("1", list(range(minors[0], minors[-1] + 1)))


@pytest.mark.parametrize("page", ["README.md", "docs/operator.md", "charts/implementation-dag/README.md"])
def test_pages_that_say_what_is_needed(page: str) -> None:
    text = (ROOT / page).read_text()
    assert f"Argo Workflows {supported.ARGO_IN_WORDS}" in text
    assert f"Kubernetes {supported.KUBERNETES_IN_WORDS}" in text or f"Kubernetes >={OLDEST}.0" in text


@pytest.mark.parametrize("page", ["README.md", "docs/lint.md", "docs/real-charts.md", "docs/render.md"])
def test_pages_that_say_what_is_rendered(page: str) -> None:
    text = (ROOT / page).read_text()
    assert SPAN.search(text)
    assert " and ".join(supported.HELM) in text


def test_what_is_supported_is_what_is_tried() -> None:
    pins = read_pins()
    assert {pins[f"helm{major}"].version.partition(".")[0] for major in supported.HELM} == set(supported.HELM)
    assert ".".join(pins["kubernetes"].version.split(".")[:2]) in supported.KUBERNETES
    tried = supported.numbers(pins["argo-workflows"].version)
    assert any(tried >= floor and tried[0] == floor[0] for floor in map(supported.numbers, supported.ARGO_WORKFLOWS))
