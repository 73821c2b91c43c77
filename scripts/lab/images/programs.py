"""Whether an image is for the architecture that it was built for: its own word, and each of its programs."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from scripts.lab.errors import LabError
from scripts.lab.images.image import manifest_digest

# What the field e_machine has for each (ELF-64).
NUMBERS = {"amd64": 62, "arm64": 183}
SHOWN = 5


def require(archive: Path, architecture: str) -> None:
    """Raise LabError that names what in the oci-archive of one image is for another architecture."""
    found = foreign(archive, architecture)
    if found:
        more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise LabError(f"{archive.name}: not for {architecture}: {', '.join([*found[:SHOWN], *more])}")


def foreign(archive: Path, architecture: str) -> list[str]:
    """What in the oci-archive of one image is for another architecture: its configuration, ELF files of its layers."""
    with tarfile.open(archive) as tar:
        manifest = json.load(_blob(tar, manifest_digest(archive)))
        said = json.load(_blob(tar, manifest["config"]["digest"]))["architecture"]
        found = [] if said == architecture else [f"its configuration says {said}"]
        for layer in manifest["layers"]:
            machines = _machines(_blob(tar, layer["digest"]))
            found += [f"/{path} (machine {number})" for path, number in machines if number != NUMBERS[architecture]]
    return found


def _blob(tar: tarfile.TarFile, digest: str) -> IO[bytes]:
    member = tar.extractfile(f"blobs/{digest.replace(':', '/')}")
    if member is None:
        raise LabError(f"blob {digest} of the image is not a file; delete its archive and build again")
    return member


def _machines(layer: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Path and e_machine of each ELF file of a layer."""
    with tarfile.open(fileobj=layer, mode="r|*") as files:
        for member in files:
            content = files.extractfile(member) if member.isreg() else None
            head = content.read(20) if content else b""
            if head[:4] == b"\x7fELF" and len(head) == 20:
                order: Any = "big" if head[5] == 2 else "little"
                yield member.name, int.from_bytes(head[18:20], order)
