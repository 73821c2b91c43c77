"""Another architecture's programs: the kernel is told once who runs them, and this machine's need nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from idag.progress import Progress
from idag.toolchain.architecture import own_architecture
from scripts.lab.errors import LabError
from scripts.lab.images import emulation

OTHER = "arm64" if own_architecture() == "amd64" else "amd64"
EMULATOR = f"qemu-{emulation.MACHINES[OTHER]}"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with the kernel's folder of formats and the package's of descriptions, and what was installed."""
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "register").write_bytes(b"")
    (tmp_path / "descriptions").mkdir()
    monkeypatch.setattr(emulation, "FORMATS", tmp_path / "formats")
    monkeypatch.setattr(emulation, "DESCRIPTIONS", tmp_path / "descriptions")

    def install(progress: Progress, needed: Mapping[str, str]) -> None:
        assert needed == {f"{EMULATOR}-static": "qemu-user-static"}
        (tmp_path / "descriptions" / f"{EMULATOR}.conf").write_bytes(rb":name:M::\x7fELF:")

    monkeypatch.setattr(emulation, "require_packages", install)
    return tmp_path


def test_the_kernel_is_told_what_the_package_says(machine: Path) -> None:
    emulation.require(OTHER, Progress("test"))
    assert (machine / "formats" / "register").read_bytes() == rb":name:M::\x7fELF:"


@pytest.mark.parametrize("architecture", [own_architecture(), OTHER])
def test_what_runs_already_needs_nothing(machine: Path, architecture: str) -> None:
    (machine / "formats" / EMULATOR).touch()
    emulation.require(architecture, Progress("test"))
    (machine / "formats" / EMULATOR).unlink()
    emulation.require(own_architecture(), Progress("test"))
    assert not list((machine / "descriptions").iterdir())


def test_a_kernel_that_refuses_is_quoted(machine: Path) -> None:
    (machine / "formats" / "register").unlink()
    (machine / "formats" / "register").mkdir()
    with pytest.raises(LabError, match=rf"the kernel does not take .*{EMULATOR}\.conf: .*Is a directory"):
        emulation.require(OTHER, Progress("test"))
