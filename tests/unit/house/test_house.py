"""What a change costs is found by spellings, not kept by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.house.cost import KINDS, Kind, cost, exactly, spellings
from scripts.house.files import Files
from scripts.house.limits import limits_spelled_twice
from scripts.house.untested import imported, modules_without_clusterless_test

ROOT = Path(__file__).parents[3]
VALUES = "charts/implementation-dag/values.yaml"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A repository of its own."""
    texts = {
        VALUES: "defaults:\n  maxP95Ms: 1200\n",
        "charts/implementation-dag/values.schema.json": '{"properties": {"maxP95Ms": {"maximum": 600000}}}',
        "runtime/implementation_dag/table.py": 'X = Parameter("max_p95_ms", Number(1, 600000))',
        "runtime/implementation_dag/user.py": "settings.max_p95_ms",
        "runtime/implementation_dag/lonely.py": "",
        "docs/page.md": "MAX-P95-MS",
        "docs/half.md": "<!-- table: made by `make it` -->\n| maxP95Ms |\n<!-- end of table -->\nmore",
        "docs/other.md": "max_p95_msec, climax_p95_ms",
        "docs/decisions/1.md": "maxP95Ms",
        "made/README.md": "maxP95Ms",
        "tests/unit/test_table.py": "from implementation_dag import table\nassert 'max_p95_ms'",
        "tests/unit/test_user.py": "import implementation_dag.user",
        "tests/e2e/test_all.py": "from implementation_dag import lonely",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return Files(tmp_path, ["made"])


def test_files_that_spell_a_thing_in_any_way_are_its_cost(files: Files) -> None:
    found = cost(Kind("threshold", 5, lambda _: {"maxP95Ms": spellings("maxP95Ms")}), files)
    assert found.files == (
        "charts/implementation-dag/values.schema.json",
        VALUES,
        "docs/page.md",
        "runtime/implementation_dag/table.py",
        "runtime/implementation_dag/user.py",
    )
    assert found.tests == ("tests/unit/test_table.py",)


def test_the_thing_in_the_middle_stands_for_its_kind(files: Files) -> None:
    things = {name: exactly(name) for name in ("maximum", "maxP95Ms", "nobody")}
    assert cost(Kind("thing", 5, lambda _: things), files).example == "maximum"


def test_a_test_that_needs_a_cluster_does_not_count(files: Files) -> None:
    assert modules_without_clusterless_test(files) == ["implementation_dag.lonely"]


def test_an_import_names_the_module_and_what_is_taken_from_it() -> None:
    text = "from implementation_dag.a import b\nimport implementation_dag.c\nimport os"
    assert imported(text) == {"implementation_dag.a", "implementation_dag.a.b", "implementation_dag.c"}


def test_limits_in_a_schema_and_in_python_are_two(files: Files) -> None:
    assert limits_spelled_twice(files) == {
        "maxP95Ms": ["charts/implementation-dag/values.schema.json", "runtime/implementation_dag/table.py"]
    }


@pytest.fixture(scope="module")
def repository() -> Files:
    """This repository, without what its Makefile says is made."""
    command = ["make", "--no-print-directory", "--eval", "shown: ; @echo $(GENERATED)", "shown"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Files(ROOT, told.stdout.split())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_change_costs_no_more_files_than_it_may(kind: Kind, repository: Files) -> None:
    found = cost(kind, repository)
    assert len(found.files) <= kind.most, found


def test_no_limit_is_spelled_twice(repository: Files) -> None:
    assert limits_spelled_twice(repository) == {}


def test_every_module_has_a_test_that_needs_no_cluster(repository: Files) -> None:
    assert modules_without_clusterless_test(repository) == []
