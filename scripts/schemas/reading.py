"""Read manifests from files and folders that are not ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.render.manifests import ManifestError, Object, documents, objects

SUFFIXES = (".yaml", ".yml")
# Input of kustomize and helm, no objects of a cluster.
_NO_OBJECTS = ("kustomization.yaml", "kustomization.yml", "Chart.yaml", "values.yaml")


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the YAML files: those named, and those below named folders. Raises ManifestError for what is not there."""
    for path in paths:
        if path.is_dir():
            yield from sorted(child for child in path.rglob("*") if _holds_objects(child))
        elif path.exists():
            yield path
        else:
            raise ManifestError(f"{path}: there is no such file or folder")


def _holds_objects(path: Path) -> bool:
    return path.suffix in SUFFIXES and path.name not in _NO_OBJECTS and path.is_file()


def read(paths: Iterable[Path]) -> list[Object]:
    """Return all objects of the files. Raises ManifestError that names the file."""
    found = []
    for path in files(paths):
        try:
            for document in documents(path.read_text(encoding="utf-8")):
                found += objects(document)
        except ManifestError as error:
            raise ManifestError(f"{path}: {error}") from error
    return found
