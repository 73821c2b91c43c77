"""Build contexts: what a Containerfile copies, put together on the host where hashes and pins are checked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from idag.toolchain import tool
from idag.toolchain.architecture import MACHINES
from scripts.lab.errors import LabError
from scripts.lab.images.keys import SKIPPED_FOLDERS

ROOT = Path(__file__).resolve().parents[3]
PINNED_BASE = re.compile(r"^ARG BASE_IMAGE=(\S+@sha256:[0-9a-f]{64})$", re.MULTILINE)
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")


@dataclass(frozen=True)
class Recipe:
    """What an image is made of, as paths below the repository's root and names of pinned binaries."""

    name: str
    containerfile: str
    lock: str
    # Path in the context = path in the repository.
    sources: dict[str, str]
    # Name in the image = name of the pinned binary.
    binaries: dict[str, str]
    keep_scripts: bool = False

    def inputs(self, architecture: str) -> list[Path]:
        """Every file and folder whose content decides the image for `architecture`, apart from the base."""
        paths = [
            ROOT / self.containerfile,
            ROOT / self.lock,
            *(ROOT / path for path in self.sources.values()),
        ]
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise LabError(f"{self.name}: missing in the checkout: {', '.join(missing)}")
        return [*paths, *(tool(binary, architecture).resolve() for binary in self.binaries.values())]


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="runtime",
            containerfile="runtime/Containerfile",
            lock="runtime/requirements.lock",
            sources={"implementation_dag": "runtime/implementation_dag"},
            binaries={"helm": "helm-image", "vegeta": "vegeta", "crane": "crane"},
        ),
        Recipe(
            name="agents",
            containerfile="examples/agents/Containerfile",
            lock="examples/agents/requirements.lock",
            sources={f"{app}.py": f"examples/agents/{app}.py" for app in ("rex", "clippy", "qa")},
            binaries={},
            keep_scripts=True,
        ),
    )
}


def pinned_base(recipe: Recipe) -> str:
    """The base, by digest, that the Containerfile names and the image is published on. Raises LabError."""
    found = PINNED_BASE.search((ROOT / recipe.containerfile).read_text(encoding="utf-8"))
    if found is None:
        raise LabError(f"{recipe.containerfile}: ARG BASE_IMAGE must end in @sha256:<64 hexadecimal digits>")
    return found[1]


def prepare(recipe: Recipe, folder: Path, python_version: str, architecture: str) -> None:
    """Fill the empty `folder` with the context of `recipe` for an image with Python `python_version`.

    Raises LabError when a locked package cannot be had, ToolMissing when a binary has not been built.
    """
    shutil.copyfile(ROOT / recipe.containerfile, folder / "Containerfile")
    for target, source in recipe.sources.items():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns(*SKIPPED_FOLDERS, "*.pyc"))
        else:
            shutil.copyfile(ROOT / source, folder / target)
    if recipe.binaries:
        (folder / "bin").mkdir()
    for target, binary in recipe.binaries.items():
        shutil.copyfile(tool(binary, architecture).resolve(), folder / "bin" / target)
    lock = ROOT / recipe.lock
    _install(lock, folder / "lib", pip_install(lock, folder / "lib", python_version, architecture))
    if not recipe.keep_scripts:
        shutil.rmtree(folder / "lib" / "bin", ignore_errors=True)
    _same_modes(folder)


def pip_install(lock: Path, target: Path, python_version: str, architecture: str) -> list[str]:
    """The command that installs the locked packages (wheels only, hashes checked) for the image's Python."""
    return [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--require-hashes", "--only-binary=:all:", "--no-deps", "--no-compile", "--target", str(target)),
        *("--implementation=cp", f"--python-version={python_version}"),
        *(f"--platform={platform}_{MACHINES[architecture]}" for platform in PLATFORMS),
        *("--requirement", str(lock)),
    ]


def _install(lock: Path, target: Path, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise LabError(f"{lock}: pip install failed with exit code {done.returncode}:\n{said}")
    # The scripts name the host's interpreter in their first line; console programs that are binaries stay.
    for script in (target / "bin").glob("*"):
        if script.read_bytes()[:2] == b"#!":
            script.unlink()
    for record in target.glob("*.dist-info/RECORD"):
        record.unlink()


def _same_modes(folder: Path) -> None:
    """Set modes that do not depend on the host's umask."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
