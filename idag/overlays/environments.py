"""The environments: the folders of kustomize/overlays, in the order in which a change is promoted through them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from idag.yaml_reader import InputError, load, read_text
from implementation_dag.contract.labels import GROUP

# Annotation of a release.yaml; an environment without it follows the chart in git, the others run what was promoted.
PROMOTED_FROM = f"{GROUP}/promoted-from"


@dataclass(frozen=True)
class Environment:
    """One environment: its release, the version of its chart, its domain, the environment that it is promoted from."""

    name: str
    release: str
    namespace: str
    chart: str
    domain: str
    promoted_from: str


def environments(root: Path) -> tuple[Environment, ...]:
    """Return the environments in their order. Raises InputError."""
    left = {path.name: _read(path) for path in sorted((root / "kustomize" / "overlays").iterdir())}
    found: dict[str, Environment] = {}
    while ready := [one for one in left.values() if one.promoted_from in ("", *found)]:
        found |= {one.name: left.pop(one.name) for one in ready}
    if left:
        told = ", ".join(f"{one.name} is promoted from {one.promoted_from!r}" for one in left.values())
        raise InputError(f"kustomize/overlays: {told}: must lead to one that is promoted from none")
    return tuple(found.values())


def environment(name: str, root: Path) -> Environment:
    """Return the environment of that name. Raises InputError."""
    return _read(root / "kustomize" / "overlays" / name)


def _read(overlay: Path) -> Environment:
    release, values = overlay / "chart" / "release.yaml", overlay / "values.yaml"
    before = load(read_text(release)).get("metadata", {}).get("annotations", {}).get(PROMOTED_FROM, "")
    return Environment(
        overlay.name,
        _text(release, "releaseName"),
        _text(release, "namespace"),
        _text(release, "version"),
        _text(values, "defaults", "domain"),
        before,
    )


def _text(path: Path, *keys: str) -> str:
    found = load(read_text(path), str(path))
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise InputError(f"{path}: {'.'.join(keys)} must be a string")
    return found
