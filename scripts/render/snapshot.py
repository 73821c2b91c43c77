"""Snapshots of rendered objects: one file each, stable order, differences told by path."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml


def address(item: dict[str, Any]) -> str:
    """Return kind, namespace and name of an object as a file name."""
    metadata = item["metadata"]
    parts = [item["kind"], metadata.get("namespace", ""), metadata["name"]]
    return "_".join(part for part in parts if part).lower()


def text(item: dict[str, Any]) -> str:
    """Return the object as YAML with sorted keys."""
    return yaml.safe_dump(item, sort_keys=True, width=120)


def update(items: Iterable[dict[str, Any]], folder: Path) -> None:
    """Write the snapshots and delete those whose object is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{address(item)}.yaml": text(item) for item in items}
    for path in folder.glob("*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content)


def differences(items: Iterable[dict[str, Any]], folder: Path) -> list[str]:
    """Return in words what differs between the objects and their snapshots, object by object."""
    found = []
    wanted = {f"{address(item)}.yaml": text(item) for item in items}
    kept = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    for name in sorted(wanted.keys() | kept.keys()):
        if name not in kept:
            found.append(f"{name}: new object, no snapshot")
        elif name not in wanted:
            found.append(f"{name}: the object is no longer rendered")
        elif wanted[name] != kept[name]:
            lines = difflib.unified_diff(kept[name].splitlines(), wanted[name].splitlines(), name, "rendered", n=2)
            found.append("\n".join(lines))
    return found
