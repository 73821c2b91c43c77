"""The floor fails what is below it and only goes up."""

from pathlib import Path

import pytest

from scripts.chart.coverage import floor


def test_the_floor_only_goes_up(tmp_path: Path) -> None:
    path = tmp_path / "coverage.toml"
    floor.raise_to(path, {"value_keys": 80.0, "branches": 90.0, "mutants": 70.5})
    floor.raise_to(path, {"value_keys": 100.0, "branches": 85.0, "mutants": 70.5})
    assert floor.read(path) == {"value_keys": 100.0, "branches": 90.0, "mutants": 70.5}


def test_a_figure_below_the_floor_is_named() -> None:
    measured = {"value_keys": 99.9, "branches": 100.0, "mutants": 90.0}
    committed = {"value_keys": 100.0, "branches": 100.0, "mutants": 90.0}
    assert floor.below(measured, committed) == ["value keys: 99.9 % is below the committed 100.0 %"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("value_keys = 1\nbranches = 1\n", "needed are value_keys, branches, mutants"),
        ("value_keys = 1\nbranches = 101\nmutants = 1\n", "branches = 101, allowed: 0 to 100"),
        ("value_keys = ", "coverage.toml"),
    ],
)
def test_a_floor_that_says_something_else_is_refused(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "coverage.toml"
    path.write_text(text)
    with pytest.raises(floor.FloorError, match=fault):
        floor.read(path)
