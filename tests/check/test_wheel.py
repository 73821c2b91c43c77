"""The distribution, as somebody without a checkout has it: built, installed into a fresh environment, run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.chart.render.project import ROOT

Idag = Callable[..., subprocess.CompletedProcess[str]]
EXAMPLE = ROOT / "examples" / "app" / "charts" / "app"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    # Its build backend comes from PyPI.
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT], check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def idag(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Idag:
    """Function that runs the installed command in a folder that is no checkout."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pins = re.findall(r"^\S+==\S+", (ROOT / "requirements" / "dev.lock").read_text(), re.MULTILINE)
    (folder / "pins.txt").write_text("\n".join(pins))
    pip = folder / "venv" / "bin" / "pip"
    subprocess.run([pip, "install", "-q", "--constraint", folder / "pins.txt", wheel], check=True)
    # In CI the command refuses to rewrite snapshots, and somebody's own machine is meant here.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CI")}

    def run(*arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [folder / "venv" / "bin" / "idag", *arguments]
        told = environment | given
        return subprocess.run(command, cwd=folder, env=told, capture_output=True, encoding="utf-8", check=False)

    return run


def test_it_holds_the_command_and_nothing_of_tests_and_lab(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"idag", "implementation_dag"}
    assert not [name for name in names if "test" in Path(name).name]


def test_each_command_has_help(idag: Idag) -> None:
    done = idag("--help")
    assert done.returncode == 0, done.stderr
    commands = re.findall(r"^  ([a-z]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert set(commands) == {
        *("chart", "doctor", "evidence", "lint", "logs", "open", "promote", "retention", "run", "status"),
    }
    for command in commands:
        assert idag(command, "--help").stdout.startswith(f"Usage: idag {command}")


def test_it_lints_with_its_own_schemas_and_kinds(idag: Idag, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(
        "apiVersion: taskmaster.io/v1\nkind: DocsRun\nmetadata: {name: a}\nspec: {unknown: 1}\n---\n"
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: b}\nspec: {unknownToo: 1}\n"
    )
    done = idag("lint", str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "DocsRun/a" in done.stdout
    assert "unknownToo" in done.stdout


def test_it_takes_a_chart_through_the_harness(idag: Idag, tmp_path: Path) -> None:
    chart = shutil.copytree(EXAMPLE, tmp_path / "app")
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "two.yaml").write_text("replicas: 2\n")
    options = ["chart", "test", str(chart), "--cases", str(tmp_path / "cases")]
    written = idag(*options, "--update")
    assert written.returncode in (0, 1), written.stderr
    assert (tmp_path / "snapshots").is_dir()
    kept = idag(*options)
    assert kept.returncode == written.returncode, kept.stderr
    assert "as kept" in kept.stderr


def test_it_says_in_words_what_is_wrong(idag: Idag) -> None:
    for arguments in (["status", "--context=none"], ["promote", "--from=dev", "--to=staging"], ["lint", "nowhere"]):
        done = idag(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("idag: ")
        assert "Traceback" not in done.stderr


def test_the_shell_completes_it(idag: Idag) -> None:
    assert "_idag_completion" in idag(_IDAG_COMPLETE="bash_source").stdout
    words = {"COMP_WORDS": "idag logs acme/shop#7 acc", "COMP_CWORD": "3"}
    assert idag(_IDAG_COMPLETE="bash_complete", **words).stdout == "plain,acceptance\n"
