"""An image for several architectures: an index (manifest list) from which each node takes its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scripts.lab.images import buildah
from scripts.lab.images.image import ImageRef, image_at
from scripts.lab.images.keys import content_key

# The sub-command that takes the images along with their list.
PUSH = ("manifest", "push", "--all")


def build(images: Sequence[ImageRef]) -> ImageRef:
    """The index of `images`, one for each architecture, as an oci-archive that holds them too. Raises LabError."""
    key = content_key({str(number): image.digest for number, image in enumerate(images)}, [])
    index = image_at(images[0].name, key)
    if not index.archive.exists():
        with listed(images) as name, buildah.whole(index.archive) as partial:
            buildah.run(*PUSH, "--quiet", buildah.signature_policy(), name, f"oci-archive:{partial}:{index.local}")
    return index


@contextmanager
def listed(images: Sequence[ImageRef]) -> Iterator[str]:
    """Give the name of a list of the images in the local storage, and remove it."""
    name = f"localhost/idag/{images[0].name}-index:{os.getpid()}"
    buildah.run("manifest", "create", name)
    try:
        for image in images:
            buildah.run("manifest", "add", name, f"oci-archive:{image.archive}")
        yield name
    finally:
        buildah.run("manifest", "rm", name)
