"""One of other people's charts through the whole pipeline: a pull request of the demo that brings it along."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from idag.cluster.stages import Stage
from idag.progress import Progress
from idag.yaml_reader import InputError
from scripts.chart.real.chart import about
from scripts.lab.stand import environment, release, repository, workflow
from scripts.lab.stand.alone import alone, lock_of
from scripts.lab.stand.display import watching
from scripts.lab.stand.environment import RELEASE_NAMESPACE
from scripts.lab.stand.helm import helm
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.session import Session, prepared

PLACE = "charts/real"
# In the folder given beside the chart: values of the pipeline's own release for it (deploy.set, acceptance.paths).
RELEASE_VALUES = "release.yaml"


class Pipeline(NamedTuple):
    """What became of the run: `result` is Argo's phase, `reason` why it is not Succeeded, empty when it is."""

    name: str
    version: str
    result: str
    reason: str


def choose(charts: Sequence[Path], name: str) -> Path:
    """Return the chart of that name. Raises InputError that says which there are."""
    names: dict[str, Path] = {}
    for chart in charts:
        # One that cannot be read is told by its own check.
        with suppress(InputError):
            names[about(chart).name] = chart
    if name not in names:
        raise InputError(f"PIPELINE={name}: there is no chart of that name; there are {', '.join(sorted(names))}")
    return names[name]


def pull_request(chart: Path, beside: Path | None) -> PullRequest:
    """Return the pull request that adds the chart, and over the repository what lies in `beside`."""
    over = ((beside, "."),) if beside else ()
    return PullRequest("real-chart", folders=((chart, PLACE), *over))


def run(chart: Path, beside: Path | None, progress: Progress) -> Pipeline:
    """Bring the demo up, run the pipeline on the chart and return what came out. Raises LabError and the like."""
    where = environment.describe(os.environ)
    console = Console(highlight=False)
    with alone(lock_of(where.state)), prepared(where, console, progress) as session:
        if beside and (beside / RELEASE_VALUES).is_file():
            # Until the next `make demo`, which installs the release with its own values again.
            given = f"--values={beside / RELEASE_VALUES}"
            helm(
                where.kubectl, "upgrade", release.RELEASE, str(release.CHART), f"--namespace={RELEASE_NAMESPACE}",
                "--reuse-values", given, "--wait", f"--timeout={release.TIMEOUT}",
            )  # fmt: skip
        return _submitted(session, chart, beside)


def _submitted(session: Session, chart: Path, beside: Path | None) -> Pipeline:
    pull = repository.open_pull_request(session.host, pull_request(chart, beside), session.work)
    session.progress(f"{chart.name} is {PLACE} of pull request {OWNER}/{REPO}#{pull.number} at {pull.head[:12]}")
    arguments = {"owner": OWNER, "repo": REPO, "pr": str(pull.number), "chartPath": PLACE}
    name = workflow.submit(session.environment, arguments)
    with watching(session.console, session.progress) as show:
        found = workflow.follow(session.environment, [name], show)[name]
    finished = workflow.finished(session.environment, found)
    built = session.ci.failures.get(pull.head, "")
    reason = reason_of(finished.stages) or finished.message
    told = "" if finished.phase == "Succeeded" else "; ".join(filter(None, (reason, built and f"CI: {built}")))
    return Pipeline(*about(chart)[:2], finished.phase, told)


def reason_of(stages: Sequence[Stage]) -> str:
    """Return the first stage that failed, with its own words; empty when none did."""
    bad = next((stage for stage in stages if stage.result in ("Failed", "Error")), None)
    return f"{bad.name}: {bad.message}" if bad else ""


def could_not_run(chart: Path, error: Exception) -> Pipeline:
    """Return what is told when there was no run: no cluster, no image, no answer."""
    return Pipeline(*about(chart)[:2], "could not run", " ".join(str(error).split()))
