"""An OCI archive of several static binaries on a small Debian, for programs that call git and other tools."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from idag.toolchain.store import cache_root, stamp
from scripts.lab.images import base, buildah
from scripts.lab.images.binary import USER

FOLDER = "/usr/local/bin"


@dataclass(frozen=True)
class Bundle:
    """What to build. `binaries` maps names in the image to static files here, `links` further names to those."""

    name: str  # repository and version, e.g. localhost/idag/argocd:3.3.0
    debian: base.Debian
    binaries: Mapping[str, Path]
    links: Mapping[str, str]

    @property
    def key(self) -> str:
        """Digest of what decides the image's content; binaries count by path, size and time."""
        parts = [self.name, self.debian.key]
        for name, path in sorted(self.binaries.items()):
            parts += [name, *stamp(path)]
        parts += [f"{name} -> {target}" for name, target in sorted(self.links.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def reference(self) -> str:
        """Full name with a tag that changes with the content, so that pods follow it."""
        return f"{self.name}-{self.key}"


def build(bundle: Bundle) -> Path:
    """Build the archive unless the cache holds it; returns its path. Raises LabError."""
    stem = bundle.name.rpartition("/")[2].replace(":", "-")
    target = cache_root() / "images" / f"{stem}-{bundle.key}.tar"
    if target.is_file():
        return target
    with buildah.archived(base.build(bundle.debian).local, bundle.reference, target) as container:
        for name, path in bundle.binaries.items():
            buildah.run("copy", "--chmod", "0755", container, path.resolve(), f"{FOLDER}/{name}")
        for name, program in bundle.links.items():
            buildah.run("run", "--isolation=chroot", container, "--", "ln", "-s", program, f"{FOLDER}/{name}")
        buildah.run("config", "--user", USER, container)
    return target
