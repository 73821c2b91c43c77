"""Read tools/schemas/sources.toml and fetch the CRDs it names out of their Go modules."""

from __future__ import annotations

import json
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from idag import data
from idag.schemas.errors import SchemaError
from idag.toolchain.golang import find_go

FOLDER = data.SCHEMAS
_FIELDS = {"module": str, "version": str, "sum": str, "crds": dict}


@dataclass(frozen=True)
class Source:
    """One table of sources.toml. `crds` maps a file of the module to the kinds taken from it."""

    name: str
    module: str
    version: str
    sum: str
    crds: dict[str, list[str]]


def read_sources(folder: Path = FOLDER) -> list[Source]:
    """Return the sources in the file's order. Raises SchemaError that names table, field and what is allowed."""
    path = folder / "sources.toml"
    sources = []
    for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for field, kind in _FIELDS.items():
            if not isinstance(table.get(field), kind):
                raise SchemaError(f"{path.name} [{name}]: {field} = {table.get(field)!r}, a {kind.__name__} is needed")
        if unknown := table.keys() - _FIELDS.keys():
            raise SchemaError(
                f"{path.name} [{name}]: unknown {', '.join(sorted(unknown))}; allowed {', '.join(_FIELDS)}"
            )
        sources.append(Source(name=name, **table))
    return sources


def fetch(source: Source) -> dict[str, list[dict[str, Any]]]:
    """Download the module, check its sum, and return file → its wanted CRDs.

    Raises SchemaError when the module cannot be had, its sum differs, or a CRD is not where sources.toml says.
    """
    root, where = _module_folder(source), f"{source.module} {source.version}"
    found = {}
    for name, kinds in source.crds.items():
        path = root / name
        if not path.is_file():
            raise SchemaError(f"{where} has no file {name}: correct tools/schemas/sources.toml")
        documents = yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        crds = [item for item in documents if item and item["kind"] == "CustomResourceDefinition"]
        found[name] = [crd for crd in crds if crd["spec"]["names"]["kind"] in kinds]
        if missing := set(kinds) - {crd["spec"]["names"]["kind"] for crd in found[name]}:
            raise SchemaError(
                f"{source.module} {source.version} {name} has no CRD of kind {', '.join(sorted(missing))}"
            )
    return found


def _module_folder(source: Source) -> Path:
    command = [str(find_go()), "mod", "download", "-json", f"{source.module}@{source.version}"]
    with tempfile.TemporaryDirectory() as nowhere:  # outside any module: the checkout's own go.mod files have no say
        done = subprocess.run(command, cwd=nowhere, capture_output=True, encoding="utf-8", check=False)
    answer = json.loads(done.stdout) if done.stdout else {}
    if done.returncode or "Dir" not in answer:
        reason = answer.get("Error") or done.stderr.strip()
        raise SchemaError(f"{source.module} {source.version} cannot be had: {reason}")
    if answer["Sum"] != source.sum:
        raise SchemaError(
            f"{source.module} {source.version} has the sum {answer['Sum']}, tools/schemas/sources.toml pins "
            f"{source.sum}: do not use it before you know why"
        )
    return Path(answer["Dir"])
