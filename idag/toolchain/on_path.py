"""Find a pinned tool that is already on PATH in the right version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from idag.toolchain.pins import IMAGE, Pin

_SECONDS_FOR_A_VERSION = 10
_ELF_CLASS_64 = 2
_PROGRAM_HEADER_INTERPRETER = 3


def find_on_path(pin: Pin, ignored: Path) -> dict[str, Path] | None:
    """Map each of the tool's binaries to its file on PATH.

    None when one is absent, below `ignored`, of another version, or dynamically linked (images without a C library hold
    these binaries).
    """
    # Whoever filled this machine's PATH is not to decide what our images hold.
    if pin.group == IMAGE:
        return None
    # A tool with assets is built all the same: its CRDs come with the module, not with the binaries.
    if not pin.binaries or not pin.version_arguments or pin.assets:
        return None
    found = {name: _right_binary(pin, name, ignored) for name in pin.binaries}
    complete = {name: path for name, path in found.items() if path is not None}
    return complete if len(complete) == len(found) else None


def prints_version(output: str, version: str) -> bool:
    """Whether the version stands in the output as a whole: 1.2.3 is neither in 1.2.30 nor in 1.2.3-rc.1."""
    return re.search(rf"(?<![\w.])v?{re.escape(version)}(?![\w.-])", output) is not None


def is_static(path: Path) -> bool:
    """Whether the file is a 64-bit little-endian ELF program with no dynamic linker (source: ELF-64)."""
    with path.open("rb") as file:
        header = file.read(64)
        if len(header) < 64 or header[:4] != b"\x7fELF" or header[4] != _ELF_CLASS_64 or header[5] != 1:
            return False
        offset = int.from_bytes(header[32:40], "little")
        size = int.from_bytes(header[54:56], "little")
        count = int.from_bytes(header[56:58], "little")
        file.seek(offset)
        table = file.read(size * count)
    kinds = (int.from_bytes(table[at : at + 4], "little") for at in range(0, len(table), size or 1))
    return all(kind != _PROGRAM_HEADER_INTERPRETER for kind in kinds)


def _right_binary(pin: Pin, name: str, ignored: Path) -> Path | None:
    # helm3 and helm4 are our names; elsewhere both are called helm.
    for candidate in dict.fromkeys((name, Path(pin.binaries[name]).name)):
        found = shutil.which(candidate, path=_path_without(ignored))
        if found and is_static(Path(found)) and _version_matches(Path(found), pin):
            return Path(found).absolute()
    return None


def _path_without(ignored: Path) -> str:
    folders = [Path(folder).absolute() for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    return os.pathsep.join(str(folder) for folder in folders if not folder.is_relative_to(ignored))


def _version_matches(path: Path, pin: Pin) -> bool:
    try:
        result = subprocess.run(
            [path, *pin.version_arguments], capture_output=True, text=True, timeout=_SECONDS_FOR_A_VERSION
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return prints_version(result.stdout + result.stderr, pin.version)
