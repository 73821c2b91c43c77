"""`idag chart test`: take a chart that nobody here wrote through harness, lint and schemas."""

from __future__ import annotations

from pathlib import Path

import click

from idag.lint import RULES, lint
from idag.progress import Progress
from idag.render import harness
from idag.render.errors import SuiteError
from idag.render.kube_version import fitting
from idag.render.suite import Suite, about
from idag.render.targets import TARGETS

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True)


@click.group()
def chart() -> None:
    """Look after a chart, yours or anybody's."""


@chart.command("test")
@click.argument("path", type=FOLDER)
@click.option(
    "--cases", type=FOLDER, help="Folder of values files, each a case; default.yaml in it for what the chart needs."
)
@click.option(
    "--snapshots",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    help="Folder of snapshots; beside the cases without it, and ./snapshots without cases.",
)
@click.option("--overlays", type=FOLDER, help="Folder of Kustomize overlays, each a case.")
@click.option(
    "--ci", type=FOLDER, help="Folder of <name>-values.yaml, each the case ci/<name>; the chart's own ci without it."
)
@click.option("--release", default="", help="Name of the release; the chart's name without it.")
@click.option("--namespace", default="default", show_default=True, help="Namespace of the release.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="ID",
    type=click.Choice(sorted(RULES)),
    help="Leave a lint rule out; may be repeated.",
)
@click.option(
    "--update", is_flag=True, help="Write the snapshots as the chart renders now; look at the difference in git."
)
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="File for a JUnit report of the snapshots."
)
def test(
    path: Path,
    cases: Path | None,
    snapshots: Path | None,
    overlays: Path | None,
    ci: Path | None,
    release: str,
    namespace: str,
    ignore: tuple[str, ...],
    update: bool,
    junit: Path | None,
) -> int:
    """Render the chart in folder PATH for every case, Kubernetes minor and Helm major, compare, and lint.

    Exit code 1 when something is not as its snapshot has it, or when the lint found something.
    """
    progress = Progress("chart")
    told = about(path)
    if told["type"] == "library":
        progress(f"{told['name']} is a library chart: there is nothing to render")
        return 0
    harness.have_tools(progress)
    targets = fitting(told["kubeVersion"])
    if left_out := [str(target) for target in TARGETS if target not in targets]:
        progress(f"kubeVersion {told['kubeVersion']} leaves out {', '.join(left_out)}")
    own = path / "ci"
    kept = snapshots or (cases.parent if cases else Path.cwd()) / "snapshots"
    suite = Suite(
        chart=path,
        cases_folder=cases,
        overlays=overlays,
        ci=ci or (own if own.is_dir() else None),
        snapshots=kept,
        release=release,
        namespace=namespace,
        targets=targets,
    )
    if not update and not kept.is_dir():
        raise SuiteError(f"there are no snapshots in {kept}: write them with --update, and look at them once")
    compared = harness.update(suite, progress) if update else harness.check(suite, progress, junit)
    found = {
        str(finding)
        for case in suite.cases
        for finding in lint(suite.render(case).objects.plain, only=[name for name in RULES if name not in ignore])
    }
    for line in sorted(found):
        print(line)
    progress(f"lint: {len(found)} findings")
    return 1 if compared or found else 0
