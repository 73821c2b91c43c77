"""The Debian base takes its packages from where the machine does, and keeps none of the machine's names."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from idag.toolchain.architecture import MACHINES
from scripts.lab.errors import LabError
from scripts.lab.images import base


def test_sources_are_the_files_that_offer_the_suite(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("# deb http://mirror.example.com bookworm main\n")
    (parts / "debian.sources").write_text("Types: deb\nURIs: http://mirror.example.com\nSuites: bookworm\n")
    (parts / "old.list").write_text("deb http://mirror.example.com bullseye main\n")
    (parts / "off.list.disabled").write_text("deb http://mirror.example.com bookworm main\n")
    assert base.apt_sources(tmp_path) == [parts / "debian.sources"]


def test_no_source_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no package source for Debian bookworm; add one, or give --base-image"):
        base.apt_sources(tmp_path)


def test_hooks_remove_what_names_the_machine(tmp_path: Path) -> None:
    for name in ("etc/apt/sources.list.d/x.list", "etc/apt/apt.conf.d/00mmdebstrap", "etc/hostname", "etc/resolv.conf"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mirror.example.com")
    for hook in base.customize_hooks():
        # compiling needs the chroot's own Python; the rest works on any tree
        if not hook.startswith("chroot"):
            subprocess.run(["sh", "-ec", hook, "hook", str(tmp_path)], check=True)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"etc/apt/apt.conf.d/00mmdebstrap", "etc/resolv.conf"}
    assert (tmp_path / "etc/resolv.conf").read_text() == ""


def test_key_changes_with_the_packages_and_the_architecture() -> None:
    assert replace(base.PYTHON, packages=(*base.PYTHON.packages, "jq")).key != base.PYTHON.key
    assert len({replace(base.PYTHON, architecture=name).key for name in MACHINES}) == len(MACHINES)


@pytest.mark.parametrize("name", MACHINES)
def test_libraries_that_nothing_uses_go_on_every_architecture(tmp_path: Path, name: str) -> None:
    libraries = tmp_path / "usr" / "lib" / f"{MACHINES[name]}-linux-gnu"
    for library in ("perl/5.36/x.so", "gconv/y.so", "libperl.so.5.36", "libpcre2-8.so.0"):
        (libraries / library).parent.mkdir(parents=True, exist_ok=True)
        (libraries / library).touch()
    for hook in base.customize_hooks(replace(base.PYTHON, architecture=name)):
        if hook.startswith("rm "):
            subprocess.run(["sh", "-ec", hook, "hook", str(tmp_path)], check=True)
    assert [path.name for path in libraries.iterdir()] == ["libpcre2-8.so.0"]


def test_only_a_tree_with_python_compiles_python() -> None:
    without = base.Debian("redis", ("usr-is-merged", "redis-server"), "redis-server")
    assert [hook for hook in base.customize_hooks(without) if "python3 -m compileall" in hook] == []
    assert [hook for hook in base.customize_hooks(base.PYTHON) if "python3 -m compileall" in hook]
