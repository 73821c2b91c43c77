"""The outside tool buildah, with its storage in our cache and without a daemon or user namespaces."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from idag.toolchain.store import cache_root
from scripts.lab.errors import LabError
from scripts.lab.images import programs

# 2025-12-01T00:00:00Z for every file and image, so that the same inputs give the same digest.
EPOCH = 1764547200
# Accepts what we built and what the user names; signatures of base images are the registry's matter.
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}


def _storage_driver() -> str:
    overlay = "\toverlay\n" in Path("/proc/filesystems").read_text(encoding="ascii")
    return "overlay" if overlay else "vfs"


@functools.cache
def _settings() -> tuple[list[str], dict[str, str]]:
    """Global arguments and environment of every buildah call."""
    program = shutil.which("buildah")
    if program is None:
        raise LabError("buildah is not installed: apt-get install buildah")
    if os.geteuid() != 0:
        raise LabError("images are built as root (chroot isolation): run this command with sudo")
    folder = cache_root() / "buildah"
    folder.mkdir(parents=True, exist_ok=True)
    policy = folder / "policy.json"
    policy.write_text(json.dumps(POLICY), encoding="utf-8")
    arguments = [
        program,
        f"--root={folder / 'root'}",
        f"--runroot={folder / 'run'}",
        f"--storage-driver={_storage_driver()}",
    ]
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "SOURCE_DATE_EPOCH": str(EPOCH)}
    return arguments, environment


def signature_policy() -> str:
    """The argument that names our signature policy, for the sub-commands that move images."""
    _settings()
    return f"--signature-policy={cache_root() / 'buildah' / 'policy.json'}"


def run(*arguments: str | Path) -> str:
    """Run ``buildah ARGUMENTS`` and return its standard output, stripped.

    Raises LabError with the last lines of what buildah said when it fails.
    """
    prefix, environment = _settings()
    command = [*prefix, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
        raise LabError(f"buildah {arguments[0]} failed with exit code {done.returncode}:\n" + "\n".join(said))
    return done.stdout.strip()


def has_image(reference: str) -> bool:
    """Whether the local storage holds `reference`."""
    prefix, environment = _settings()
    command = [*prefix, "inspect", "--type=image", reference]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


@contextmanager
def container(image: str) -> Iterator[str]:
    """Give a working container of a local image, or of `scratch`, and remove it."""
    name = run("from", "--pull-never", image)
    try:
        yield name
    finally:
        run("rm", name)


@contextmanager
def archived(image: str, reference: str, archive: Path) -> Iterator[str]:
    """Give a working container of `image` that becomes the oci-archive when the block ends well.

    The same content gives the same digest; the file appears under its name only when it is complete.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    with container(image) as name, whole(archive) as partial:
        yield name
        options = [f"--timestamp={EPOCH}", "--disable-compression", "--format=oci"]
        run("commit", "--quiet", signature_policy(), *options, name, f"oci-archive:{partial}:{reference}")


def save(reference: str, archive: Path, architecture: str) -> None:
    """Write the image to an oci-archive. Raises LabError when anything in it is for another architecture."""
    with whole(archive) as partial:
        run("push", "--quiet", signature_policy(), reference, f"oci-archive:{partial}:{reference}")
        programs.require(partial, architecture)


@contextmanager
def whole(archive: Path) -> Iterator[Path]:
    """Give a path whose file gets the archive's name when the block ends well, and is removed when not."""
    partial = archive.with_suffix(f".{os.getpid()}.partial")
    try:
        yield partial
        partial.rename(archive)
    finally:
        partial.unlink(missing_ok=True)


def load(archive: Path, reference: str) -> None:
    """Put an oci-archive into the local storage as `reference`, unless it is there."""
    if has_image(reference):
        return
    identifier = run("pull", "--quiet", signature_policy(), f"oci-archive:{archive}").splitlines()[-1]
    run("tag", identifier, reference)
