"""What an environment runs, as its overlay says it: read it, and write it without touching any other line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from scripts.overlays.build import ENVIRONMENTS
from scripts.promote.errors import PromoteError


@dataclass(frozen=True)
class Release:
    """What runs in an environment: Helm release, version of the chart, digest of the image (sha256:...)."""

    environment: str
    name: str
    chart: str
    digest: str


def check_step(source: str, target: str) -> None:
    """Refuse all but a step to the very next environment. Raises PromoteError."""
    for option, name in (("--from", source), ("--to", target)):
        if name not in ENVIRONMENTS:
            raise PromoteError(f"{option} {name!r} is no environment, allowed: {', '.join(ENVIRONMENTS)}")
    allowed = dict(zip(ENVIRONMENTS[1:], ENVIRONMENTS, strict=False))
    if allowed.get(target) != source:
        steps = ", ".join(f"{before} to {after}" for after, before in allowed.items())
        raise PromoteError(f"{source} to {target} is no step of the promotion, allowed: {steps}")


def read(root: Path, environment: str) -> Release:
    """Return what `environment` runs."""
    release, values = _load(_release(root, environment)), _load(_values(root, environment))
    return Release(environment, release["releaseName"], release["version"], values["image"]["digest"])


def write(root: Path, environment: str, tested: Release) -> list[Path]:
    """Make `environment` run what was `tested`; return the changed files."""
    changes: list[tuple[Path, Sequence[str | int], str]] = [
        (_release(root, environment), ["version"], tested.chart),
        (_values(root, environment), ["image", "digest"], tested.digest),
        (_application(root, environment), ["spec", "sources", 0, "targetRevision"], tested.chart),
    ]
    return [path for path, keys, value in changes if _set(path, keys, value)]


def _release(root: Path, environment: str) -> Path:
    return root / "kustomize" / "overlays" / environment / "chart" / "release.yaml"


def _values(root: Path, environment: str) -> Path:
    return root / "kustomize" / "overlays" / environment / "values.yaml"


def _application(root: Path, environment: str) -> Path:
    """The Helm-native Application, which takes the chart from a registry."""
    return root / "kustomize" / "argocd" / "helm" / f"{environment}.yaml"


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(path: Path) -> Any:
    return _yaml().load(path.read_text())


def _set(path: Path, keys: Sequence[str | int], value: str) -> bool:
    document = _load(path)
    place = document
    for key in keys[:-1]:
        place = place[key]
    if place[keys[-1]] == value:
        return False
    place[keys[-1]] = value
    with path.open("w") as file:
        _yaml().dump(document, file)
    return True
