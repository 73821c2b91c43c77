"""Fetch files of npm packages, checked by hash. Nothing of a package is run."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from idag.toolchain.errors import ToolError
from idag.toolchain.pins import Pin
from idag.toolchain.running import run_logged


def fetch(pin: Pin, folder: Path, log: Path, alive: Callable[[float], None]) -> None:
    """Download the pin's package and unpack its assets into `folder`.

    Raises ToolError when npm is absent, the hash differs, or the package holds something else.
    """
    if shutil.which("npm") is None:
        raise ToolError(f"{pin.name}: npm fetches {pin.package}: apt-get install npm")
    work = folder / ".work"
    work.mkdir()
    command = ["npm", "pack", "--silent", "--ignore-scripts", f"{pin.package}@{pin.version}"]
    run_logged(command, cwd=work, environment=os.environ, log=log, alive=alive)
    (package,) = work.glob("*.tgz")
    digest = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if digest != pin.integrity:
        raise ToolError(f"{pin.name}: {package.name} has integrity {digest}, pinned is {pin.integrity}")
    unpack(package, pin.assets, folder)
    shutil.rmtree(work)


def unpack(package: Path, assets: dict[str, str], target: Path) -> None:
    """Write the assets (name → file or folder in the package) to `target`. Raises ToolError if one lacks."""
    with tarfile.open(package) as archive:
        members = [(PurePosixPath(member.name), member) for member in archive.getmembers() if member.isfile()]
        for name, path in assets.items():
            wanted = PurePosixPath("package", path)
            found = [(at.relative_to(wanted), member) for at, member in members if at.is_relative_to(wanted)]
            if not found:
                raise ToolError(f"{package.name} has no {path}")
            for below, member in found:
                file = target / name / below
                file.parent.mkdir(parents=True, exist_ok=True)
                if content := archive.extractfile(member):
                    file.write_bytes(content.read())
