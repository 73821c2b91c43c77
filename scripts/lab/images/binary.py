"""An OCI archive of one static binary: from scratch or a base made here, one layer, a numeric non-root user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from idag.toolchain.store import cache_root, stamp
from scripts.lab.images import buildah
from scripts.lab.images.image import ImageRef

USER = "65532:65532"


@dataclass(frozen=True)
class BinaryImage:
    """What to build. `reference` is the full name with tag, `binary` the static file on this machine.

    `folders` maps places in the image to folders that never change under their names; `base` is what the program
    needs besides.
    """

    reference: str
    binary: Path
    program: str  # file name of the binary inside the image, under /bin
    arguments: tuple[str, ...] = field(default_factory=tuple)  # follow the program in the entrypoint
    folders: dict[str, Path] = field(default_factory=dict)
    base: ImageRef | None = None

    @property
    def key(self) -> str:
        """Digest of what decides the image's content; the binary counts by path, size and time."""
        parts = [self.reference, *stamp(self.binary), self.program, *self.arguments]
        parts += [f"{place} {folder}" for place, folder in self.folders.items()]
        parts += [self.base.key] if self.base else []
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def archive_path(image: BinaryImage) -> Path:
    """Where the archive lies, or will lie, in the cache."""
    return cache_root() / "images" / f"{image.program}-{image.key}.tar"


def build(image: BinaryImage) -> Path:
    """Build the archive unless the cache holds it; returns its path. Raises LabError."""
    target = archive_path(image)
    if target.is_file():
        return target
    if image.base:
        buildah.load(image.base.archive, image.base.local)
    with buildah.archived(image.base.local if image.base else "scratch", image.reference, target) as container:
        buildah.run("copy", "--chmod", "0755", container, image.binary.resolve(), f"/bin/{image.program}")
        for place, folder in image.folders.items():
            buildah.run("copy", container, folder, place)
        entrypoint = ", ".join(f'"{part}"' for part in (f"/bin/{image.program}", *image.arguments))
        buildah.run(
            "config", "--user", USER, "--env", "PATH=/bin", "--entrypoint", f"[{entrypoint}]", "--cmd", "",
            container,
        )  # fmt: skip
    return target
