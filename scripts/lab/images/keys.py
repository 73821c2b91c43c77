"""Content keys: the same inputs give the same key, so an image is built again only when something changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

SKIPPED_FOLDERS = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".git"}


def source_files(folder: Path) -> list[Path]:
    """Files below `folder` in a fixed order, without caches and compiled Python."""
    found = [
        path
        for path in folder.rglob("*")
        if path.is_file() and not SKIPPED_FOLDERS.intersection(path.relative_to(folder).parts) and path.suffix != ".pyc"
    ]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_key(texts: Mapping[str, str], paths: Iterable[Path]) -> str:
    """Twelve hex digits over named texts, and over files and folders (names, executable bit, content)."""
    total = hashlib.sha256()
    for name in sorted(texts):
        total.update(f"text {name} {len(texts[name])}\n{texts[name]}\n".encode())
    for path in paths:
        files = source_files(path) if path.is_dir() else [path]
        for file in files:
            shown = file.relative_to(path).as_posix() if path.is_dir() else ""
            executable = bool(file.stat().st_mode & 0o100)
            total.update(f"file {path.name}/{shown} {executable} {file_digest(file)}\n".encode())
    return total.hexdigest()[:12]
