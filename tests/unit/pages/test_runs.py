"""A pull request's runs stand beside each other, each once, and what the earlier ones left is only data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from implementation_dag.pages import runs

from . import example, parsed
from .test_report import anything, word


def row(folder: Path, failed: str, name: str, earlier: list[Any]) -> list[Any]:
    """Return the rows after a run of this name."""
    (folder / "runs.json").write_text(json.dumps({"runs": earlier}))
    place = example.write(folder / name, example.files(failed))
    index = example.index(example.status(failed), place) | {"workflow": name}
    found = runs.added(index, place, folder / "runs.json")
    assert found is not None
    return found


def page(folder: Path, rows: list[Any]) -> str:
    return runs.build(example.index(example.status(), folder), rows)


def test_the_newest_run_comes_first_and_each_once(tmp_path: Path) -> None:
    rows: list[Any] = []
    for failed, name in (("", "run-1"), ("acceptance", "run-2"), ("set-params", "run-3"), ("", "run-3")):
        rows = row(tmp_path, failed, name, rows)
    assert [one["workflow"] for one in rows] == ["run-3", "run-2", "run-1"]
    root = parsed.parse(page(tmp_path, rows))
    assert parsed.addresses(root) == [f"./{name}/report.html" for name in ("run-3", "run-2", "run-1")]
    told = " ".join(parsed.words(root).split())
    assert told.startswith("Runs of acme/shop#7 Runs of acme/shop#7 2 of 3 passed.")
    assert "failed run-2 2026-01-31 12:00 UTC, commit bbbbbbbbbbbb 2 min 20 s 671 ms 41 passed" in told
    refused = row(tmp_path, "set-params", "run-4", rows)
    assert "failed run-4 2026-01-31 12:00 UTC, commit aaaaaaaaaaaa 3 s – – passed run-3" in " ".join(
        parsed.words(parsed.parse(page(tmp_path, refused))).split()
    )


def test_where_an_address_opens_one_file_there_is_no_link_to_another(tmp_path: Path) -> None:
    rows = row(tmp_path, "", "run-1", [])
    root = parsed.parse(runs.build(example.index(example.status(), tmp_path), rows, links=False))
    assert parsed.addresses(root) == []


def test_bars_compare_a_figure_with_the_largest(tmp_path: Path) -> None:
    rows = row(tmp_path, "acceptance", "run-2", row(tmp_path, "", "run-1", []))
    bars = [one.get("width") for one in parsed.parse(page(tmp_path, rows)).iter("{http://www.w3.org/2000/svg}rect")]
    assert bars == ["100.0", "100.0", "100.0", "17.9"]
    assert not [*parsed.parse(page(tmp_path, rows[:1])).iter("{http://www.w3.org/2000/svg}rect")]


def test_as_many_are_kept_as_a_person_looks_through(tmp_path: Path) -> None:
    earlier = [{"workflow": f"run-{n}"} for n in range(200)]
    rows = row(tmp_path, "", "run-new", earlier)
    assert [one["workflow"] for one in rows[:2]] == ["run-new", "run-0"] and len(rows) == runs.MOST


@pytest.mark.parametrize("changed", [{"pr": None}, {"owner": "a/b"}, {"repo": None}, {"repo": ".."}])
def test_what_names_no_pull_request_has_no_row(tmp_path: Path, changed: dict[str, Any]) -> None:
    index = example.index(example.status(), tmp_path) | changed
    assert runs.added(index, tmp_path, tmp_path / "runs.json") is None


NAMES = ("workflow", "commit", "result", "started", "p95_ms", "amount", "currency")
ROWS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, anything | word)) | anything, max_size=4)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> set[parsed.Kind]:
    """Every kind of element that our template writes."""
    folder = tmp_path_factory.mktemp("known")
    rows = [row(folder, failed, "x", [{"workflow": "y"}]) for failed in ("", "qa-testing")]
    return set().union(*(parsed.kinds(parsed.parse(page(folder, each))) for each in rows))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_no_markup_of_an_earlier_run_gets_through(tmp_path: Path, known: set[parsed.Kind], earlier: list[Any]) -> None:
    (tmp_path / "runs.json").write_text(json.dumps({"runs": earlier}))
    rows = runs.added(example.index(example.status(), tmp_path), tmp_path, tmp_path / "runs.json")
    root = parsed.parse(page(tmp_path, rows or []))
    assert parsed.kinds(root) <= known
    assert all(one.startswith("./") for one in parsed.addresses(root))
