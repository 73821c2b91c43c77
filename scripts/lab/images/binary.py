"""An OCI archive of one static binary: from scratch, one layer, a numeric non-root user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from idag.toolchain.store import cache_root, stamp
from scripts.lab.images import buildah

USER = "65532:65532"


@dataclass(frozen=True)
class BinaryImage:
    """What to build. `reference` is the full name with tag, `binary` the static file on this machine."""

    reference: str
    binary: Path
    program: str  # file name of the binary inside the image, under /bin
    arguments: tuple[str, ...] = field(default_factory=tuple)  # follow the program in the entrypoint

    @property
    def key(self) -> str:
        """Digest of what decides the image's content; the binary counts by path, size and time."""
        parts = [self.reference, *stamp(self.binary), self.program, *self.arguments]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def archive_path(image: BinaryImage) -> Path:
    """Where the archive lies, or will lie, in the cache."""
    return cache_root() / "images" / f"{image.program}-{image.key}.tar"


def build(image: BinaryImage) -> Path:
    """Build the archive unless the cache holds it; returns its path. Raises ImageError."""
    target = archive_path(image)
    if target.is_file():
        return target
    with buildah.archived("scratch", image.reference, target) as container:
        buildah.run("copy", "--chmod", "0755", container, image.binary.resolve(), f"/bin/{image.program}")
        entrypoint = ", ".join(f'"{part}"' for part in (f"/bin/{image.program}", *image.arguments))
        buildah.run(
            "config", "--user", USER, "--env", "PATH=/bin", "--entrypoint", f"[{entrypoint}]", "--cmd", "",
            container,
        )  # fmt: skip
    return target
