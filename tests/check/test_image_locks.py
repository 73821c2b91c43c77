"""The images' locked packages are published for other architectures too, with hashes that the locks name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from idag.toolchain.architecture import MACHINES, own_architecture
from scripts.lab.images import base
from scripts.lab.images.context import RECIPES, ROOT, Recipe, pinned_base, pip_install

# This machine's are installed whenever an image is built.
OTHERS = sorted(MACHINES.keys() - {own_architecture()})
# Of the base made here, and of the published one.
PYTHONS = (base.PYTHON_VERSION, "3.13")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("architecture", OTHERS)
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_pip_finds_a_wheel_of_each(recipe: Recipe, architecture: str, python: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [*pip_install(ROOT / recipe.lock, tmp_path, python, architecture), "--dry-run", "--ignore-installed"]
    done = subprocess.run([*command, f"--report={report}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [package["download_info"]["url"] for package in json.loads(report.read_text())["install"]]
    assert any(MACHINES[architecture] in url for url in found)


def test_the_published_base_has_the_python_that_was_asked_for() -> None:
    assert {f":{PYTHONS[1]}-slim@" in pinned_base(recipe) for recipe in RECIPES.values()} == {True}
