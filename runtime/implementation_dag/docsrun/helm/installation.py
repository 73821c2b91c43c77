"""What helm installs: by the run's arguments and values, and by what the repository says of itself at this commit."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from implementation_dag.contract import repository, settings

from . import chart


@dataclass(frozen=True)
class Installation:
    """Chart and values files as paths in the checkout, values for --set-string, and the path that must answer.

    `annotations` of the Ingress are values for --set-json. `file` is the repository's own file in base64,
    empty where there is none.
    """

    chart_path: str
    values_files: tuple[str, ...]
    values: Mapping[str, str]
    health_path: str
    annotations: Mapping[str, str]
    file: str = ""

    @property
    def flags(self) -> list[str]:
        """Return the values and annotations as helm's flags."""
        # helm loses an empty text below an index where nothing follows it.
        texts = [f"{key}={text}" if text else f"{key}=," for key, text in self.values.items()]
        documents = [f"{key}={document}" for key, document in self.annotations.items()]
        return [
            *(part for text in texts for part in ("--set-string", text)),
            *(part for document in documents for part in ("--set-json", document)),
        ]


def chosen(env: Mapping[str, str], checkout: Path = chart.CHECKOUT) -> Installation:
    """Return what is in force by the environment and the repository's own file. Raises RepositoryError.

    REPOSITORY has the bounds of the file and the names that its values may use; without it no file is looked for.
    """
    annotations = json.loads(env["ANNOTATIONS"])
    given = Installation(
        env["CHART_PATH"],
        (env["VALUES_FILE"],),
        json.loads(env["SET"]),
        env["HEALTH_PATH"],
        _annotations(annotations, env["ANNOTATIONS_KEY"]),
    )
    content = read(checkout) if "REPOSITORY" in env else None
    if content is None:
        return given
    told = settings.load(settings.OfRepository, {"SETTINGS": env["REPOSITORY"]})
    allowed = repository.bounds(told.repositories)
    own = repository.parse(content, allowed)
    values = {key: repository.filled(text, told.names) for key, text in own.get("set", {}).items()}
    return Installation(
        _chart(given, own, allowed),
        _values_files(given, own, allowed),
        values if "set" in own else given.values,
        own.get("healthPath", given.health_path),
        _annotations(annotations, own["annotationsKey"]) if "annotationsKey" in own else given.annotations,
        base64.b64encode(content).decode(),
    )


def read(checkout: Path) -> bytes | None:
    """Return the beginning of the file, one byte more than is allowed; None without one. Raises RepositoryError."""
    path = checkout / repository.FILE
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise repository.RepositoryError(f"{repository.FILE} must be a plain file, not a link or a folder")
    with path.open("rb") as stream:
        return stream.read(repository.SIZE_LIMIT + 1)


def _annotations(annotations: Mapping[str, str], key: str) -> dict[str, str]:
    """The Ingress's annotations as helm's --set-json takes them below `key`: path → JSON."""
    return {".".join((key, name.replace(".", "\\."))): json.dumps(value) for name, value in annotations.items()}


def _chart(given: Installation, own: repository.Settings, allowed: repository.Bounds) -> str:
    """An argument that somebody gave counts more than the file, one at the values' default less."""
    if "chartPath" not in own or given.chart_path != allowed.chart_path:
        return given.chart_path
    if given.chart_path.startswith("oci://"):
        raise repository.RepositoryError(
            f"{repository.FILE}: chartPath is {own['chartPath']!r}: must be left out, "
            f"all repositories get the chart {given.chart_path}, value defaults.chartPath"
        )
    return str(own["chartPath"])


def _values_files(given: Installation, own: repository.Settings, allowed: repository.Bounds) -> tuple[str, ...]:
    if given.values_files != (allowed.values_file,):
        return given.values_files
    return tuple(own.get("valuesFiles", given.values_files))
