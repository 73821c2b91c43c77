"""Build the images of this repository with buildah, once per content, and push them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from idag.progress import Progress
from scripts.lab.errors import LabError
from scripts.lab.images import base, buildah
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


def build(name: str, base_image: str = "") -> ImageRef:
    """The image `name`, from the cache when its inputs are the same, else built now.

    `base_image` is a reference in a registry, best with a digest; empty means the Debian base made here.
    Raises LabError, and ToolMissing when a pinned binary has not been built.
    """
    progress = Progress("images")
    recipe = recipe_named(name)
    made_here = base.build() if not base_image else None
    base_name = made_here.digest if made_here else base_image
    image = image_at(name, _key(recipe, base_name))
    if image.archive.exists():
        return image
    if made_here:
        buildah.load(made_here.archive, made_here.local)
    python_version = base.PYTHON_VERSION if made_here else _python_version(base_image)
    with tempfile.TemporaryDirectory(prefix=f"idag-{name}-") as folder:
        context = Path(folder)
        progress(f"{name}: putting the build context together")
        prepare(recipe, context, python_version)
        if _key(recipe, base_name) != image.key:
            progress(f"{name}: a file changed while it was being copied, starting again")
            return build(name, base_image)
        progress(f"{name}: building on {made_here.local if made_here else base_image}")
        _build(image, context, made_here.local if made_here else base_image)
    buildah.save(image.local, image.archive)
    progress(f"{name}: {image.digest} ({image.size / 1e6:.0f} MB compressed)")
    return image


def push(name: str, registry: str, ca: Path | None = None, base_image: str = "") -> str:
    """Push image `name`, built when needed, to ``REGISTRY/implementation-dag/NAME:KEY``.

    `ca` is a file of certificates to trust; without it the system's are. Credentials: ``buildah login``.
    Returns the reference with its digest; raises LabError when the registry refuses.
    """
    image = build(name, base_image)
    buildah.load(image.archive, image.local)
    target = f"{registry}/{REPOSITORY}/{image.name}:{image.key}"
    return f"{target}@{push_local(image.local, target, ca)}"


def push_local(local: str, target: str, ca: Path | None = None) -> str:
    """Push an image of the local storage to `target` (``host/repository:tag``); returns its digest."""
    with tempfile.TemporaryDirectory(prefix="idag-push-") as folder:
        digest = Path(folder) / "digest"
        trust = []
        if ca is not None:
            certificates = Path(folder) / "certificates"
            certificates.mkdir()
            # Alone in its folder: a key beside it would be taken for a client certificate's.
            shutil.copyfile(ca, certificates / "ca.crt")
            trust = [f"--cert-dir={certificates}"]
        arguments = ["--quiet", buildah.signature_policy(), *trust, f"--digestfile={digest}"]
        buildah.run("push", *arguments, local, f"docker://{target}")
        return digest.read_text(encoding="ascii").strip()


def _key(recipe: Recipe, base_name: str) -> str:
    return content_key({"base": base_name, "epoch": str(buildah.EPOCH)}, recipe.inputs())


def _build(image: ImageRef, context: Path, base_reference: str) -> None:
    buildah.run(
        "build",
        "--quiet",
        "--isolation=chroot",
        "--format=oci",
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
