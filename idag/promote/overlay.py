"""What an environment runs, as its overlay says it: read it, and write it without touching any other line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from idag.overlays import argocd
from idag.overlays.environments import environments
from idag.promote.errors import PromoteError
from idag.yaml_file import load, set_values


@dataclass(frozen=True)
class Release:
    """What runs in an environment: Helm release, version of the chart, digest of the image (sha256:...)."""

    environment: str
    name: str
    chart: str
    digest: str


def check_step(root: Path, source: str, target: str) -> None:
    """Refuse all but a step to the very next environment. Raises PromoteError, InputError."""
    every = environments(root)
    names = [one.name for one in every]
    for option, name in (("--from", source), ("--to", target)):
        if name not in names:
            raise PromoteError(f"{option} {name!r} is no environment, allowed: {', '.join(names)}")
    allowed = {one.name: one.promoted_from for one in every if one.promoted_from}
    if allowed.get(target) != source:
        steps = ", ".join(f"{before} to {after}" for after, before in allowed.items())
        raise PromoteError(f"{source} to {target} is no step of the promotion, allowed: {steps}")


def read(root: Path, environment: str) -> Release:
    """Return what `environment` runs."""
    release, values = _release(root, environment), _values(root, environment)
    return Release(
        environment, _text(release, "releaseName"), _text(release, "version"), _text(values, "image", "digest")
    )


def _text(path: Path, *keys: str) -> str:
    found = load(path)
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise PromoteError(f"{path}: {'.'.join(keys)} must be a string")
    return str(found)


def write(root: Path, environment: str, tested: Release) -> None:
    """Make `environment` run what was `tested`, with Kustomize and without."""
    set_values(_release(root, environment), {("version",): tested.chart})
    set_values(_values(root, environment), {("image", "digest"): tested.digest})
    argocd.write(root)


def _release(root: Path, environment: str) -> Path:
    return root / "kustomize" / "overlays" / environment / "chart" / "release.yaml"


def _values(root: Path, environment: str) -> Path:
    return root / "kustomize" / "overlays" / environment / "values.yaml"
