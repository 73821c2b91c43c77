"""Build the images of this repository with buildah, once per content, and push them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from idag.progress import Progress
from idag.toolchain.architecture import own_architecture
from scripts.lab.errors import LabError
from scripts.lab.images import base, buildah, emulation, index
from scripts.lab.images.context import RECIPES, Recipe, prepare
from scripts.lab.images.image import ImageRef, image_at
from scripts.lab.images.keys import content_key

# Folder of our images in a registry.
REPOSITORY = "implementation-dag"


def recipe_named(name: str) -> Recipe:
    """The recipe of an image; raises LabError that lists the known ones."""
    if name not in RECIPES:
        raise LabError(f"image {name!r} is unknown; known are {', '.join(RECIPES)}")
    return RECIPES[name]


def build(name: str, base_image: str = "", architecture: str = "") -> ImageRef:
    """The image `name`, from the cache when its inputs are the same, else built now.

    `base_image` is a reference in a registry, best with a digest; empty means the Debian base made here. An empty
    `architecture` is this machine's.
    Raises LabError, and ToolMissing when a pinned binary has not been built.
    """
    progress = Progress("images")
    recipe = recipe_named(name)
    architecture = architecture or own_architecture()
    made_here = base.build(replace(base.PYTHON, architecture=architecture)) if not base_image else None
    base_name = made_here.digest if made_here else base_image
    image = image_at(name, _key(recipe, base_name, architecture))
    if image.archive.exists():
        return image
    emulation.require(architecture, progress)
    if made_here:
        buildah.load(made_here.archive, made_here.local)
    python_version = base.PYTHON_VERSION if made_here else _python_version(base_image)
    with tempfile.TemporaryDirectory(prefix=f"idag-{name}-") as folder:
        context = Path(folder)
        progress(f"{name}: putting the build context together")
        prepare(recipe, context, python_version, architecture)
        if _key(recipe, base_name, architecture) != image.key:
            progress(f"{name}: a file changed while it was being copied, starting again")
            return build(name, base_image, architecture)
        progress(f"{name}: building for {architecture} on {made_here.local if made_here else base_image}")
        _build(image, context, made_here.local if made_here else base_image, architecture)
    buildah.save(image.local, image.archive, architecture)
    progress(f"{name}: {image.digest} ({image.size / 1e6:.0f} MB compressed)")
    return image


def build_all(name: str, base_image: str = "", architectures: Sequence[str] = ()) -> list[ImageRef]:
    """The image `name` for each architecture, and after several of them their index; without any, this machine's.

    Raises as `build` does.
    """
    images = [build(name, base_image, architecture) for architecture in architectures or [own_architecture()]]
    return [*images, index.build(images)] if len(images) > 1 else images


def push(
    name: str, registry: str, ca: Path | None = None, base_image: str = "", architectures: Sequence[str] = ()
) -> str:
    """Push image `name`, built when needed, to ``REGISTRY/implementation-dag/NAME:KEY``; of several their index.

    `ca` is a file of certificates to trust; without it the system's are. Credentials: ``buildah login``.
    Returns the reference with its digest; raises LabError when the registry refuses.
    """
    *images, last = build_all(name, base_image, architectures)
    target = f"{registry}/{REPOSITORY}/{name}:{last.key}"
    if not images:
        buildah.load(last.archive, last.local)
        return f"{target}@{push_local(last.local, target, ca)}"
    with index.listed(images) as listed, _trust(ca) as trust:
        # With --digestfile buildah 1.28 ends well whatever the registry said; the digest is the archive's.
        buildah.run(*index.PUSH, "--quiet", buildah.signature_policy(), *trust, listed, f"docker://{target}")
    return f"{target}@{last.digest}"


def push_local(local: str, target: str, ca: Path | None = None) -> str:
    """Push an image of the local storage to `target` (``host/repository:tag``); returns its digest."""
    with tempfile.TemporaryDirectory(prefix="idag-push-") as folder, _trust(ca) as trust:
        digest = Path(folder) / "digest"
        arguments = ["--quiet", buildah.signature_policy(), *trust, f"--digestfile={digest}"]
        buildah.run("push", *arguments, local, f"docker://{target}")
        return digest.read_text(encoding="ascii").strip()


@contextmanager
def _trust(ca: Path | None) -> Iterator[list[str]]:
    """Give the arguments by which buildah trusts the authority, which are none without one."""
    if ca is None:
        yield []
        return
    # Alone in its folder: a key beside it would be taken for a client certificate's.
    with tempfile.TemporaryDirectory(prefix="idag-trust-") as folder:
        shutil.copyfile(ca, Path(folder) / "ca.crt")
        yield [f"--cert-dir={folder}"]


def _key(recipe: Recipe, base_name: str, architecture: str) -> str:
    texts = {"base": base_name, "architecture": architecture, "epoch": str(buildah.EPOCH)}
    return content_key(texts, recipe.inputs(architecture))


def _build(image: ImageRef, context: Path, base_reference: str, architecture: str) -> None:
    buildah.run(
        "build",
        "--quiet",
        "--isolation=chroot",
        "--format=oci",
        f"--platform=linux/{architecture}",
        f"--timestamp={buildah.EPOCH}",
        "--pull=missing" if "localhost/" not in base_reference else "--pull-never",
        buildah.signature_policy(),
        f"--build-arg=BASE_IMAGE={base_reference}",
        f"--file={context / 'Containerfile'}",
        f"--tag={image.local}",
        context,
    )


def _python_version(reference: str) -> str:
    """Python's version (``3.13``) in an image of a registry, pulled when it is not here."""
    container = buildah.run("from", "--quiet", buildah.signature_policy(), reference)
    try:
        return buildah.run("run", container, "--", "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    finally:
        buildah.run("rm", container)
