"""The built images, run: each program answers, on its own architecture, and an index leads to every one."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from idag.progress import Progress
from idag.toolchain.architecture import MACHINES, own_architecture
from idag.toolchain.pins import read_pins
from scripts.lab.images import buildah, emulation, index, programs
from scripts.lab.images.build import build
from scripts.lab.images.context import RECIPES

ARCHITECTURES = os.environ.get("ARCH", "").split() or [own_architecture()]
PINS = read_pins()
MACHINE = "import platform; print(platform.machine())"
# Command, and what it says.
COMMANDS = {
    "runtime": {
        "helm version --short": PINS["helm"].version,
        "vegeta -version": PINS["vegeta"].version,
        "crane version": PINS["crane"].version,
        "git --version": "git version 2.",
        "python3 -m implementation_dag --help": "usage: python -m implementation_dag",
    },
    "agents": {
        "git --version": "git version 2.",
        "ruff --version": "ruff 0.",
        "python3 -m pytest --version": "pytest 9.",
    },
}
each = pytest.mark.parametrize("architecture", ARCHITECTURES)


@each
@pytest.mark.parametrize("name", RECIPES)
def test_its_programs_run(name: str, architecture: str) -> None:
    image = build(name, architecture=architecture)
    emulation.require(architecture, Progress("images"))
    buildah.load(image.archive, image.local)
    with buildah.container(image.local) as container:

        def said(*command: str) -> str:
            return buildah.run("run", "--isolation=chroot", container, "--", *command)

        assert said("python3", "-c", MACHINE) == MACHINES[architecture]
        for command, answer in COMMANDS[name].items():
            assert answer in said(*command.split()), command


@pytest.mark.parametrize("name", RECIPES)
def test_an_index_leads_to_each_image_as_it_was_built(name: str, tmp_path: Path) -> None:
    images = {architecture: build(name, architecture=architecture) for architecture in ARCHITECTURES}
    listing = index.build(list(images.values()))
    with tarfile.open(listing.archive) as tar:
        tar.extractall(tmp_path, filter="data")
    manifest = json.loads((tmp_path / "blobs" / listing.digest.replace(":", "/")).read_text())
    found = {entry["platform"]["architecture"]: entry["digest"] for entry in manifest["manifests"]}
    assert found == {architecture: image.digest for architecture, image in images.items()}
    assert all((tmp_path / "blobs" / digest.replace(":", "/")).is_file() for digest in found.values())


@each
@pytest.mark.parametrize("name", RECIPES)
def test_it_is_taken_for_no_other_architecture(name: str, architecture: str) -> None:
    archive = build(name, architecture=architecture).archive
    for other in MACHINES.keys() - {architecture}:
        found = programs.foreign(archive, other)
        assert found[0] == f"its configuration says {architecture}"
        assert len(found) > 50
