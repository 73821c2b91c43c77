"""What a built image is: its name, content key, archive and digest."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from idag.toolchain.store import cache_root
from scripts.lab.errors import LabError


@dataclass(frozen=True)
class ImageRef:
    """An image in the cache: `archive` is an oci-archive, `local` its name in buildah and containerd."""

    name: str
    key: str
    archive: Path

    @property
    def local(self) -> str:
        """Name in local storage, e.g. ``localhost/idag/runtime:0a1b2c3d4e5f``."""
        return f"localhost/idag/{self.name}:{self.key}"

    @property
    def digest(self) -> str:
        """Digest of the image's manifest (``sha256:...``), read from the archive.

        Raises LabError when the archive is not an OCI image layout of exactly one image.
        """
        return manifest_digest(self.archive)

    @property
    def size(self) -> int:
        """Bytes of the compressed archive."""
        return self.archive.stat().st_size


def image_at(name: str, key: str) -> ImageRef:
    """The reference of `name` with content key `key`; its archive need not exist yet."""
    folder = cache_root() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return ImageRef(name, key, folder / f"{name}-{key}.tar")


def manifest_digest(archive: Path) -> str:
    """Digest of the single image in an oci-archive (image-spec: index.json, manifests[].digest)."""
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile("index.json")
            if member is None:
                raise LabError(f"{archive}: index.json is not a file; delete the archive and build again")
            manifests = json.load(member)["manifests"]
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise LabError(f"{archive}: not an OCI archive ({error}); delete it and build again") from error
    if len(manifests) != 1:
        raise LabError(f"{archive}: holds {len(manifests)} images, must be 1; delete it and build again")
    return str(manifests[0]["digest"])
