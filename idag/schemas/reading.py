"""Read manifests from files and folders that are not ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from idag.render.manifests import ManifestError, Object, numbered, objects
from idag.yaml_reader import InputError, decoded

SUFFIXES = (".yaml", ".yml")
_MANIFEST = re.compile(r"(?m)^(?:kind|apiVersion):")
# Input of kustomize and helm, no objects of a cluster.
_NO_OBJECTS = ("kustomization.yaml", "kustomization.yml", "Chart.yaml", "values.yaml")


def files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield (YAML file, whether it was named itself) for files and those below folders.

    Raises ManifestError for what is not there, OSError for a folder that may not be read.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted((child, False) for child in _below(path) if _holds_objects(child))
        elif path.exists():
            yield path, True
        else:
            raise ManifestError(f"{path}: there is no such file or folder")


def _below(folder: Path) -> Iterator[Path]:
    # Not rglob, which passes over folders that may not be read.
    for root, _, names in os.walk(folder, onerror=_refuse):
        yield from (Path(root, name) for name in names)


def _refuse(error: OSError) -> None:
    raise error


def _holds_objects(path: Path) -> bool:
    return path.suffix in SUFFIXES and path.name not in _NO_OBJECTS and path.is_file()


def read(paths: Iterable[Path]) -> list[Object]:
    """Return all objects of the files; below a folder, files that hold none at all are passed over.

    Raises InputError that names the file.
    """
    found: list[Object] = []
    for part in read_parts(paths):
        if isinstance(part, InputError):
            raise part
        found += part
    return found


def read_parts(paths: Iterable[Path]) -> Iterator[list[Object] | InputError]:
    """Yield the objects of each document of the files, or why a document cannot be read.

    Raises InputError for what is not there, OSError for what may not be read.
    """
    for path, is_named in files(paths):
        try:
            text = decoded(path.read_bytes(), str(path))
        except InputError as error:
            yield error
            continue
        if is_named or _MANIFEST.search(text):
            yield from stream_parts(text, str(path))


def stream_parts(text: str, name: str) -> Iterator[list[Object] | InputError]:
    """Yield the objects of each document of a stream of manifests, or why it cannot be read, beginning with `name`."""
    for line, part in numbered(text):
        try:
            yield objects(part, name, first_line=line)
        except InputError as error:
            yield error
