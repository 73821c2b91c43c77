"""The schemas kept in tools/schemas: write them from their sources, say what differs, and find one by kind."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from idag.progress import Progress
from idag.schemas.errors import SchemaError
from idag.schemas.sources import FOLDER, fetch, read_sources
from idag.schemas.structural import Schema, strict_schemas

MANIFEST = "manifest.json"


def generate(progress: Progress, folder: Path = FOLDER) -> dict[str, str]:
    """Return path below tools/schemas → content of every schema and of the manifest, made anew from the modules."""
    files: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    for source in read_sources(folder):
        progress(f"{source.name}: {source.module} {source.version}")
        entry: dict[str, Any] = {"module": source.module, "version": source.version, "sum": source.sum, "schemas": {}}
        for crd_file, crds in fetch(source).items():
            for crd in crds:
                for version, schema in strict_schemas(crd).items():
                    path = f"{source.name}/{_name(crd['spec']['group'], crd['spec']['names']['kind'], version)}"
                    files[path] = json.dumps(schema, indent=1, sort_keys=True) + "\n"
                    digest = hashlib.sha256(files[path].encode()).hexdigest()
                    entry["schemas"][path] = {"crd": crd_file, "sha256": digest}
        manifest[source.name] = entry
    files[MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    return files


def write(files: dict[str, str], folder: Path = FOLDER) -> None:
    """Write the generated files and remove schemas that are no longer made."""
    for child in folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def differences(files: dict[str, str], folder: Path = FOLDER) -> list[str]:
    """Say in words which kept file is missing, changed by hand or left over, beside freshly generated ones."""
    kept = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    found = [f"{name}: not made from any source any more" for name in sorted(kept - files.keys())]
    for name, content in sorted(files.items()):
        if name not in kept:
            found.append(f"{name}: missing")
        elif (folder / name).read_text(encoding="utf-8") != content:
            found.append(f"{name}: is not what its source gives")
    return found


@cache
def schemas_of(group: str, kind: str, version: str, folder: Path = FOLDER) -> dict[str, Schema]:
    """Return source → schema for each source that knows the kind; empty when none does.

    Raises SchemaError when a kept schema is not the one its manifest names.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    found = {}
    for source, entry in manifest.items():
        name = f"{source}/{_name(group, kind, version)}"
        if name in entry["schemas"]:
            content = (folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != entry["schemas"][name]["sha256"]:
                raise SchemaError(f"tools/schemas/{name} was changed by hand: run `make schemas`")
            found[source] = json.loads(content)
    return found


def _name(group: str, kind: str, version: str) -> str:
    return f"{group}/{kind.lower()}-{version}.json"
