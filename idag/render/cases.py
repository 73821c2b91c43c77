"""The situations a chart is rendered for: values files by name, and Kustomize overlays."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from idag.render.errors import SuiteError

DEFAULT = "default"
_SETTING = re.compile(r"#\s*render:\s*(.*)")
_SETTINGS = ("release", "namespace", "api-versions", "with", "aliases")
_CI = "-values.yaml"


@dataclass(frozen=True)
class Case:
    """One situation: values files (later ones win) or an overlay's folder, and how the release is called.

    With `aliases` the chart is a part of another one, once for each.
    """

    name: str
    situation: str
    values: tuple[Path, ...] = ()
    overlay: Path | None = None
    release: str = ""
    namespace: str = ""
    api_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def find_cases(folder: Path | None, overlays: Path | None = None, ci: Path | None = None) -> dict[str, Case]:
    """Return the cases by name: `default` without values, one a values file, `overlays/<name>` one an overlay.

    `ci` is a chart's own folder of that name: `<name>-values.yaml` in it is the case `ci/<name>`.
    A values file may begin with `# render: release=R namespace=N api-versions=A,B with=OTHER,CASES aliases=C,D`; the
    values of the cases named by `with` come first. Raises SuiteError for a setting that is not known.
    """
    found = {DEFAULT: Case(DEFAULT, "No values at all.")}
    paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}
    for path in sorted(ci.glob(f"*{_CI}")) if ci else []:
        paths[f"ci/{path.name.removesuffix(_CI)}"] = path
    settings = {name: _settings(path) for name, path in paths.items()}
    for name, path in paths.items():
        given = {key: tuple(filter(None, text.split(","))) for key, text in settings[name].items()}
        others = given.get("with", ())
        for other in others:
            if other not in settings:
                raise SuiteError(f"{path}: with={other}: there is no case {other}; there are {', '.join(settings)}")
        found[name] = Case(
            name,
            _situation(path),
            (*(paths[other] for other in others), path),
            release=settings[name].get("release", ""),
            namespace=settings[name].get("namespace", ""),
            api_versions=given.get("api-versions", ()),
            aliases=given.get("aliases", ()),
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
