"""Container images made here: a Debian base, our runtime image and the reference agents' image."""

from scripts.lab.images.build import build, push, push_local
from scripts.lab.images.image import ImageRef

__all__ = ["ImageRef", "build", "push", "push_local"]
