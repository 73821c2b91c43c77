"""The rendered chart is clean under our own rules and helm's, in every case of the matrix; so are the examples."""

from functools import partial

import pytest

from idag.lint import lint
from idag.render import helm
from idag.render.targets import HELMS, NEWEST
from idag.render.umbrella import umbrella
from idag.schemas.reading import read
from scripts.chart.render.project import CHART, ROOT, SUITE
from scripts.chart.render.verdicts import remembered


@pytest.mark.parametrize("case", sorted(SUITE.cases))
def test_the_rendered_objects_break_no_rule(case: str) -> None:
    # Equal objects of different targets are one dict, so most targets are one set.
    distinct = {tuple(map(id, render.objects.plain)): render for render in SUITE.renders([case])}
    for render in distinct.values():
        objects = render.objects.plain
        found = remembered(partial(lint, objects), objects, "lint")
        assert not found, f"{render.target}:\n" + "\n".join(found)


@pytest.mark.parametrize("name", HELMS)
@pytest.mark.parametrize("case", sorted(case.name for case in SUITE.cases.values() if not case.overlay))
def test_helm_lint_is_content(case: str, name: str) -> None:
    with umbrella(CHART, SUITE.cases[case].aliases) as chart:
        helm.lint(chart, SUITE.cases[case].values, helm=name, kube_version=NEWEST.kube_version)


def test_the_examples_break_no_rule() -> None:
    found = lint(read([ROOT / "examples" / "coderun-5dlabs.yaml"]))
    assert not found, "\n".join(map(str, found))


def test_the_example_application_breaks_no_rule() -> None:
    app = ROOT / "examples" / "app"
    found = lint(helm.template(app / "charts" / "app", app / "values-preview.yaml", release="shop-pr-7"))
    assert not found, "\n".join(map(str, found))
