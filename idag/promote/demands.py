"""What an environment demands of evidence: its own thresholds at least, and that what was tested really ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from idag.promote.errors import PromoteError
from idag.yaml_file import load
from implementation_dag.contract import names, repository
from implementation_dag.contract.parameters import THRESHOLDS
from implementation_dag.steps import evidence_index

Index = dict[str, Any]
SHOWN = 100


@dataclass(frozen=True)
class Demands:
    """Values of an environment, what its own runs have to keep: `defaults.*` and `repositories.settings`."""

    environment: str
    # By the name of their parameter.
    thresholds: dict[str, int | float]
    chart_path: str
    values_file: str
    settings: frozenset[str]


def read(root: Path, environment: str) -> Demands:
    """Return what `environment` demands: the overlay's values over the chart's."""
    chart = load(root / "charts" / "implementation-dag" / "values.yaml")
    overlay = load(root / "kustomize" / "overlays" / environment / "values.yaml")
    values = chart["defaults"] | (overlay.get("defaults") or {})
    repositories = chart["repositories"] | (overlay.get("repositories") or {})
    return Demands(
        environment,
        {one.name: values[one.setting.removeprefix("defaults.")] for one in THRESHOLDS},
        str(values["chartPath"]),
        str(values["valuesFile"]),
        frozenset(map(str, repositories["settings"])),
    )


def check_shape(index: Index, place: str) -> None:
    """Refuse an index of another version or shape. Raises PromoteError that names the first field that is wrong."""
    version = index.get("schema_version")
    if version != evidence_index.SCHEMA_VERSION:
        old = "none (the run was of chart 0.1.0)" if version is None else _shown(version)
        raise PromoteError(
            f"evidence {place}: schema_version is {old}, must be {evidence_index.SCHEMA_VERSION}: an index without "
            "commit, thresholds and the images that ran proves nothing; run the pipeline again with this chart"
        )
    errors = sorted(Draft202012Validator(evidence_index.schema()).iter_errors(index), key=lambda error: error.json_path)
    if errors:
        first = errors[0]
        raise PromoteError(f"evidence {place}: field {first.json_path.removeprefix('$.')}: {first.message[:300]}")


def check(index: Index, demands: Demands) -> None:
    """Refuse evidence of a weaker or another run. Raises PromoteError: each field, its value, what is allowed."""
    faults = [*_thresholds(index, demands), *_parameters(index, demands), *_repository(index, demands), *_ran(index)]
    if faults:
        raise PromoteError(f"run {index['workflow']} proves too little for {demands.environment}: {'; '.join(faults)}")


def _thresholds(index: Index, demands: Demands) -> Iterator[str]:
    for one in THRESHOLDS:
        found, demanded = index["thresholds"][one.name], demands.thresholds[one.name]
        if found is None or (found < demanded if one.bound == "least" else found > demanded):
            yield f"thresholds.{one.name} is {found}, at {one.bound} {demanded} is allowed"


def _parameters(index: Index, demands: Demands) -> Iterator[str]:
    for name, wanted in (("chartPath", demands.chart_path), ("valuesFile", demands.values_file)):
        if (found := index["parameters"].get(name)) != wanted:
            yield f"parameters.{name} is {_shown(found)}, only {wanted!r} is allowed"


def _repository(index: Index, demands: Demands) -> Iterator[str]:
    """What the tested repository says of itself: the environment may allow less of it than the one before."""
    allowed = ", ".join(sorted(demands.settings)) or "nothing"
    for name in sorted((index.get("repository") or {}).keys() - demands.settings):
        yield f"repository.{name} was set by {repository.FILE}, only {_shown(allowed)} is allowed"


def _ran(index: Index) -> Iterator[str]:
    if index["commit"] is None or index["base_commit"] is None:
        yield f"commit is {index['commit']} from base_commit {index['base_commit']}, both must be known"
    if index["notes"]:
        yield f"notes say {_shown(index['notes'])}, none are allowed"
    images = index["images"]
    digest, looks = str(images["application"]).rpartition("@")[2], images["seen"]
    if digest not in images["digests"]:
        yield f"images.application is {_shown(images['application'])}, must be of images.digests {images['digests']}"
    if len(looks) < 2:
        yield f"images.seen has {len(looks)} looks at the preview, must have those before and after acceptance"
    for look in looks:
        if look["holder"] != names.label_value(index["workflow"]):
            yield f"images.seen at {look['at']} is of the run {_shown(look['holder'])}, must be {index['workflow']!r}"
        if not {item["digest"] for item in look["running"]} & {*images["digests"]}:
            yield f"images.seen at {look['at']} has no container that runs {digest}, one must"


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
