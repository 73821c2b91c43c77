"""What becomes of one chart: rendered as the harness does it, kept as snapshots, checked by schemas and lint."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from idag.lint import lint
from idag.render import Object, RenderError, Suite, SuiteError
from idag.render.cases import DEFAULT
from idag.render.kube_version import fitting
from idag.render.snapshots import Snapshots
from idag.schemas import SchemaError, validate
from idag.yaml_reader import InputError, load, read_text


class Result(NamedTuple):
    """One chart. `reason` says in one line why it, or a case of it, was not rendered; empty when all were."""

    name: str
    version: str
    rendered: bool
    linted: bool
    cases: int
    objects: int
    schema_faults: int
    findings: int
    reason: str


def find(folder: Path) -> list[Path]:
    """Return the charts below the folder; those inside another chart are parts of it. Raises InputError."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder")
    found: list[Path] = []
    for path in sorted(folder.rglob("Chart.yaml"), key=lambda path: (len(path.parts), path)):
        if not any(path.is_relative_to(chart) for chart in found):
            found.append(path.parent)
    if not found:
        raise InputError(f"{folder}: there is no chart below it")
    return sorted(found)


class About(NamedTuple):
    """What Chart.yaml says of the chart."""

    name: str
    version: str
    library: bool
    kube_version: str


def about(chart: Path) -> About:
    """Return name and version; without a name, that of the folder. Raises InputError when it cannot be read."""
    read = load(read_text(chart / "Chart.yaml"), str(chart / "Chart.yaml"))
    read = read if isinstance(read, dict) else {}
    name, version, wanted = (str(read.get(key) or "") for key in ("name", "version", "kubeVersion"))
    return About(name or chart.name, version, read.get("type") == "library", wanted)


def check(chart: Path) -> tuple[Result, list[str]]:
    """Return what became of the chart, and what was found in it line by line.

    Its cases are its default values and the files of its folder ci, as charts that are tested have them.
    """
    told: list[str] = []
    try:
        name, version, library, kube_version = about(chart)
    except InputError as error:
        return _failed(chart.name, "", error), told
    if library:
        return Result(name, version, True, True, 0, 0, 0, 0, ""), told
    cases = chart / "ci"
    # Nothing is written there: the snapshots are only made.
    try:
        targets = fitting(kube_version)
        minors = {targets[0].kubernetes, targets[-1].kubernetes}
        suite = Suite(
            chart=chart,
            cases_folder=cases if cases.is_dir() else None,
            snapshots=chart / "snapshots",
            targets=targets,
        )
        objects, refused = _rendered(suite)
        faults = {str(fault) for minor in minors for found in objects.values() for fault in validate(found, minor)}
        findings = {str(finding) for found in objects.values() for finding in lint(found)}
    except (SchemaError, SuiteError, InputError) as error:
        return _failed(name, version, error), told
    told = [*refused, *sorted(faults), *sorted(findings)]
    count, good = sum(map(len, objects.values())), bool(objects)
    reason = _line(refused[0]) if refused else ""
    return Result(name, version, good, good, len(objects), count, len(faults), len(findings), reason), told


def _rendered(suite: Suite) -> tuple[dict[str, list[Object]], list[str]]:
    """The objects of each case that can be rendered for the whole matrix, and why others cannot. Raises SuiteError."""
    snapshots = Snapshots(suite)
    objects: dict[str, list[Object]] = {}
    refused: list[str] = []
    for case in suite.cases:
        try:
            if case == DEFAULT or DEFAULT in objects:
                snapshots.rendered(case)
            else:
                # Many charts ask for a value first; then there is no default to compare with.
                list(suite.renders([case]))
            objects[case] = suite.render(case).objects.plain
        except RenderError as error:
            refused.append(str(error))
    return objects, refused


def _failed(name: str, version: str, error: Exception) -> Result:
    return Result(name, version, False, False, 0, 0, 0, 0, _line(str(error)))


def _line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) < 300 else f"{words[:300]}..."
