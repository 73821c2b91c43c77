"""Read manifests from files and folders that are not ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from idag.render.manifests import ManifestError, Object, numbered, objects
from idag.yaml_reader import read_text

SUFFIXES = (".yaml", ".yml")
_MANIFEST = re.compile(r"(?m)^(?:kind|apiVersion):")
# Input of kustomize and helm, no objects of a cluster.
_NO_OBJECTS = ("kustomization.yaml", "kustomization.yml", "Chart.yaml", "values.yaml")


def files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield (YAML file, whether it was named itself) for files and those below folders.

    Raises ManifestError for what is not there.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted((child, False) for child in path.rglob("*") if _holds_objects(child))
        elif path.exists():
            yield path, True
        else:
            raise ManifestError(f"{path}: there is no such file or folder")


def _holds_objects(path: Path) -> bool:
    return path.suffix in SUFFIXES and path.name not in _NO_OBJECTS and path.is_file()


def read(paths: Iterable[Path]) -> list[Object]:
    """Return all objects of the files; below a folder, files that hold none at all are passed over.

    Raises InputError that names the file.
    """
    found = []
    for path, is_named in files(paths):
        text = read_text(path)
        if is_named or _MANIFEST.search(text):
            found += read_stream(text, str(path))
    return found


def read_stream(text: str, name: str) -> list[Object]:
    """Return all objects of a stream of manifests. Raises InputError that begins with `name`."""
    return [item for line, part in numbered(text) for item in objects(part, name, first_line=line)]
