"""pyproject.toml says of the command what other files say too."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def listed(path: str) -> set[str]:
    """The packages that an input of a lock file names."""
    lines = (ROOT / path).read_text().splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-r"))}


def test_command_and_chart_are_released_together() -> None:
    assert PROJECT["version"] == yaml.safe_load((ROOT / "charts/implementation-dag/Chart.yaml").read_text())["version"]


def test_what_it_needs_is_locked_for_its_tests() -> None:
    assert set(PROJECT["dependencies"]) <= listed("requirements/dev.in") | listed("runtime/requirements.in")
