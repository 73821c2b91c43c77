"""An OCI archive of one static binary: from scratch, one layer, a numeric non-root user."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

USER = "65532:65532"


class ImageError(Exception):
    """The image cannot be built; the message says which step of buildah failed."""


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
        path = self.binary.resolve()
        status = path.stat()
        parts = [self.reference, str(path), str(status.st_size), str(status.st_mtime_ns), self.program, *self.arguments]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def images_folder() -> Path:
    """`<cache>/images`; the cache is $IDAG_CACHE, else under $XDG_CACHE_HOME or ~/.cache."""
    chosen = os.environ.get("IDAG_CACHE")
    if chosen:
        return Path(chosen) / "images"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "implementation-dag" / "images"


def archive_path(image: BinaryImage) -> Path:
    """Where the archive lies, or will lie, in the cache."""
    return images_folder() / f"{image.program}-{image.key}.tar"


def build(image: BinaryImage) -> Path:
    """Build the archive unless the cache holds it; returns its path. Raises ImageError."""
    target = archive_path(image)
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.stem}.{os.getpid()}.new.tar")
    container = _buildah("from", "scratch")
    try:
        _buildah("copy", "--chmod", "0755", container, str(image.binary.resolve()), f"/bin/{image.program}")
        entrypoint = ", ".join(f'"{part}"' for part in (f"/bin/{image.program}", *image.arguments))
        _buildah(
            "config", "--user", USER, "--env", "PATH=/bin", "--entrypoint", f"[{entrypoint}]", "--cmd", "", container
        )
        # A fixed time makes the same binary the same image.
        _buildah(
            "commit", "--quiet", "--timestamp", "0", "--disable-compression", "--format", "oci", container,
            f"oci-archive:{fresh}:{image.reference}",
        )  # fmt: skip
        fresh.rename(target)
    finally:
        _buildah("rm", container)
        fresh.unlink(missing_ok=True)
    return target


def _buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"buildah {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
