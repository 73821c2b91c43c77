"""The rendered chart is clean under our own rules and helm's, in every case of the matrix; so are the examples."""

import subprocess

import pytest

from scripts.lint import lint
from scripts.render import helm
from scripts.render.project import CHART, ROOT, SUITE
from scripts.render.targets import HELMS, NEWEST
from scripts.schemas.reading import read
from scripts.toolchain import tool


@pytest.mark.parametrize("case", sorted(SUITE.cases))
def test_the_rendered_objects_break_no_rule(case: str) -> None:
    # Equal objects of different targets are one dict, so most targets are one set.
    distinct = {tuple(map(id, render.objects.plain)): render for render in SUITE.renders([case])}
    for render in distinct.values():
        found = lint(render.objects.plain)
        assert not found, f"{render.target}:\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("name", HELMS)
@pytest.mark.parametrize("case", sorted(case.name for case in SUITE.cases.values() if not case.overlay))
def test_helm_lint_is_content(case: str, name: str) -> None:
    command = [str(tool(name)), "lint", "--strict", "--quiet", "--kube-version", NEWEST.kube_version, str(CHART)]
    command += [part for path in SUITE.cases[case].values for part in ("--values", str(path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_break_no_rule() -> None:
    found = lint(read([ROOT / "examples" / "coderun-5dlabs.yaml"]))
    assert not found, "\n".join(map(str, found))


def test_the_example_application_breaks_no_rule() -> None:
    app = ROOT / "examples" / "app"
    found = lint(helm.template(app / "charts" / "app", app / "values-preview.yaml", release="shop-pr-7"))
    assert not found, "\n".join(map(str, found))
