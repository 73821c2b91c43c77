"""Fetch what the application's chart depends on and does not bring along in charts/.

Each missing chart is pulled by itself: `helm dependency build` knows no https repository that was not added to helm
before, and takes charts twice that lie unpacked beside others that must be fetched.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.base.yaml_reader import InputError, load

from . import chart, command

# What helm reads dependencies and locked versions from; the second pair is that of charts of apiVersion v1.
FILES = (("Chart.yaml", "Chart.lock"), ("requirements.yaml", "requirements.lock"))
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
REMOTE = re.compile(r"(?:https?|oci)://\S+\Z")
LOCAL = "file://"


@dataclass(frozen=True)
class Dependency:
    """One dependency; `version` is the locked one where there is a lock, else what Chart.yaml asks for."""

    name: str
    version: str
    repository: str


def fetch(folder: Path, checkout: Path = chart.CHECKOUT, above: tuple[Path, ...] = ()) -> None:
    """Put every dependency that is not in charts/ there; `above` are the local charts that have this one.

    Raises StepError that names the dependency and says what to do.
    """
    for dependency in missing(folder):
        say(f"dependency {dependency.name} is not in charts/: {dependency.repository or 'of no repository'}")
        if dependency.repository.startswith(LOCAL):
            _package(folder, dependency, checkout, above)
        elif REMOTE.match(dependency.repository):
            _pull(folder, dependency)
        else:
            raise StepError(
                f"dependency {dependency.name} is not in charts/, and its repository is {dependency.repository!r}: "
                "must be an https://, oci:// or file:// address; names that somebody's helm knows are not known here"
            )


def missing(folder: Path) -> list[Dependency]:
    """Return what the chart names as dependencies and charts/ does not hold: none when helm cannot read it either."""
    here = vendored(folder)
    wanted = [item for files in FILES for item in _locked(folder, *files)]
    found = []
    for item in wanted:
        versions = {other.version for other in wanted if other.name == item.name}
        # What charts/ has may be of another version than the lock's: with as many as are wanted, helm judges it.
        if len(here.get(item.name, ())) < len(versions) and item.version not in here.get(item.name, ()):
            found.append(item)
    # By alias a chart may be there several times.
    return list(dict.fromkeys(found))


def vendored(folder: Path) -> dict[str, set[str]]:
    """Return the versions of the charts in charts/ by name, packed and unpacked."""
    found: dict[str, set[str]] = {}
    for path in (folder / "charts").glob("[!._]*"):
        if path.is_dir():
            told = _mapping(path / "Chart.yaml")
            name, version = str(told.get("name", "")), str(told.get("version", ""))
        else:
            name = _packed_name(path) if path.suffix == ".tgz" else ""
            # As helm names what it packs and pulls.
            version = path.stem.removeprefix(f"{name}-")
        if name:
            found.setdefault(name, set()).add(version)
    return found


def _packed_name(path: Path) -> str:
    """The name of a packed chart: the folder that everything in it lies in."""
    try:
        with tarfile.open(path) as archive:
            first = archive.next()
    except (tarfile.TarError, OSError, EOFError):
        return ""
    return first.name.removeprefix("./").partition("/")[0] if first else ""


def _locked(folder: Path, wanted: str, lock: str) -> Iterator[Dependency]:
    """What the file `wanted` names, with the versions of `lock`: both have the same order."""
    versions: dict[tuple[str, str], list[str]] = {}
    for item in _dependencies(folder / lock):
        versions.setdefault((item.name, item.repository), []).append(item.version)
    for item in _dependencies(folder / wanted):
        left = versions.get((item.name, item.repository))
        yield replace(item, version=left.pop(0)) if left else item


def _dependencies(path: Path) -> list[Dependency]:
    """The well-formed dependencies in a file; helm tells of others itself, and of a file that it cannot read."""
    listed = _mapping(path).get("dependencies")
    return [
        Dependency(item["name"], str(item.get("version") or ""), str(item.get("repository") or ""))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and isinstance(item.get("name"), str) and NAME.match(item["name"])
    ]


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = load(path.read_text(errors="replace"))
    except (OSError, InputError):
        return {}
    return found if isinstance(found, dict) else {}


def _package(folder: Path, dependency: Dependency, checkout: Path, above: tuple[Path, ...]) -> None:
    relative = dependency.repository.removeprefix(LOCAL)
    path = chart.inside(f"{folder.relative_to(checkout.resolve())}/{relative}", "chartPath", checkout)
    above = (*above, folder)
    if path in above:
        raise StepError(f"dependency {dependency.name} is at {dependency.repository}: a chart cannot be part of itself")
    fetch(path, checkout, above)
    _run(folder, dependency, ["package", str(path)], "mend that chart")


def _pull(folder: Path, dependency: Dependency) -> None:
    oci = dependency.repository.startswith("oci://")
    what = f"{dependency.repository.rstrip('/')}/{dependency.name}" if oci else dependency.name
    arguments = ["pull", what, *([] if oci else [f"--repo={dependency.repository}"])]
    arguments += [f"--version={dependency.version}"] if dependency.version else []
    _run(folder, dependency, arguments, "let the value network.services reach it, or keep the chart in charts/")


def _run(folder: Path, dependency: Dependency, arguments: list[str], advice: str) -> None:
    try:
        (folder / "charts").mkdir(exist_ok=True)
    except OSError:
        raise StepError(
            f"dependency {dependency.name} has no place: charts beside {folder.name}/Chart.yaml is a file, or a link "
            "to what is not there; must be a folder or nothing"
        ) from None
    code, words = command.run([*arguments, "--destination", str(folder / "charts")], outside=True)
    if code:
        raise StepError(
            f"dependency {dependency.name} {dependency.version} of {dependency.repository} could not be fetched; "
            f"{advice}: {words}"
        )
