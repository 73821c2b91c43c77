"""The situations a chart is rendered for: values files by name, and Kustomize overlays."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from scripts.chart.render.errors import SuiteError

DEFAULT = "default"
_SETTING = re.compile(r"#\s*render:\s*(.*)")
_SETTINGS = ("release", "namespace", "api-versions", "with")


@dataclass(frozen=True)
class Case:
    """One situation: values files (later ones win) or an overlay's folder, and how the release is called."""

    name: str
    situation: str
    values: tuple[Path, ...] = ()
    overlay: Path | None = None
    release: str = ""
    namespace: str = ""
    api_versions: tuple[str, ...] = ()


def find_cases(folder: Path | None, overlays: Path | None = None) -> dict[str, Case]:
    """Return the cases by name: `default` without values, one a values file, `overlays/<name>` one an overlay.

    A values file may begin with `# render: release=R namespace=N api-versions=A,B with=OTHER,CASES`; the values of
    the cases named by `with` come first. Raises SuiteError for a setting that is not known.
    """
    found = {DEFAULT: Case(DEFAULT, "No values at all.")}
    paths = sorted(folder.glob("*.yaml")) if folder else []
    settings = {path.stem: _settings(path) for path in paths}
    for path in paths:
        given = settings[path.stem]
        others = [name for name in given.get("with", "").split(",") if name]
        for name in others:
            if name not in settings:
                raise SuiteError(f"{path}: with={name}: there is no case {name}; there are {', '.join(settings)}")
        found[path.stem] = Case(
            path.stem,
            _situation(path),
            (*(path.with_stem(name) for name in others), path),
            release=given.get("release", ""),
            namespace=given.get("namespace", ""),
            api_versions=tuple(name for name in given.get("api-versions", "").split(",") if name),
        )
    for overlay in sorted(overlays.iterdir()) if overlays and overlays.is_dir() else []:
        if (overlay / "kustomization.yaml").is_file():
            name = f"{overlays.name}/{overlay.name}" if overlays else overlay.name
            found[name] = Case(name, f"The overlay {overlay.name}.", overlay=overlay)
    return found


def _head(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines[: next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))]]


def _situation(path: Path) -> str:
    return " ".join(line.lstrip("# ") for line in _head(path) if not _SETTING.match(line))


def _settings(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _head(path):
        if match := _SETTING.match(line):
            for word in shlex.split(match.group(1)):
                key, equals, value = word.partition("=")
                if key not in _SETTINGS or not equals:
                    allowed = ", ".join(f"{name}=..." for name in _SETTINGS)
                    raise SuiteError(f"{path}: setting {word!r} is not known, allowed: {allowed}")
                found[key] = value
    return found
