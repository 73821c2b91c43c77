"""`idag run`, `status`, `evidence`, `logs`, `open`: runs and previews of a release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from idag.cli.options import as_json, find, of_release, print_json, print_table
from idag.cluster import previews
from idag.cluster import runs as found_runs
from idag.cluster.errors import ClusterError
from idag.cluster.evidence import INDEX, REPORT, Store
from idag.cluster.logs import NAMES, stream
from idag.cluster.target import check, pull
from idag.progress import Progress

TARGET = "TARGET is owner/repo#7, which means its newest run, or a run's name."


@click.command()
@click.argument("target", metavar="OWNER/REPO#PR")
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE", help="Another parameter; may be repeated."
)
@click.option("--no-wait", is_flag=True, help="Only start it.")
@of_release
@as_json
def run(target: str, given: Sequence[str], no_wait: bool, context: str, namespace: str, name: str, output: str) -> int:
    """Run the pipeline on a pull request and follow it.

    Exit code 1 when it ended otherwise than well. Interrupted, the run goes on without you.
    """
    arguments = pull(target)._asdict() | dict(_pair(item) for item in given)
    check(arguments)
    release = find(context, namespace, name)
    progress = Progress("run")
    made = found_runs.submit(release, arguments)
    progress(f"started {made.name} in namespace {release.namespace}")
    ended = made if no_wait else found_runs.follow(release, made, progress)
    if output == "json":
        print_json(ended.document())
    elif no_wait:
        print(ended.name)
    else:
        print(f"{ended.name} {ended.phase} after {ended.seconds:.1f} s{ended.message and f': {ended.message}'}")
        for preview in previews.listed(release, ended.pull):
            print(f"preview {preview.url} until {preview.expires}")
    return 0 if no_wait or ended.phase == "Succeeded" else 1


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r}: NAME=VALUE is needed", param_hint="--parameter")
    return name, value


@click.command()
@click.argument("target", metavar="[OWNER/REPO#PR]", required=False)
@of_release
@as_json
def status(target: str | None, context: str, namespace: str, name: str, output: str) -> int:
    """Show the runs and previews of a release, or of one pull request."""
    wanted = pull(target) if target else None
    release = find(context, namespace, name)
    kept = found_runs.listed(release, wanted)
    up = previews.listed(release, wanted)
    if output == "json":
        print_json({"runs": [one.document() for one in kept], "previews": [one.document() for one in up]})
        return 0
    rows = [(one.name, str(one.pull), one.phase, one.stage, one.started, f"{one.seconds:.0f} s") for one in kept]
    print_table(("RUN", "PULL REQUEST", "PHASE", "STAGE", "STARTED", "TOOK"), rows)
    print()
    print_table(
        ("PREVIEW", "NAMESPACE", "PHASE", "URL", "EXPIRES"),
        [(str(one.pull), one.namespace, one.phase, one.url, one.expires) for one in up],
    )
    return 0


@click.command(epilog=TARGET)
@click.argument("target")
@click.option(
    "--download",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write all of it into a folder.",
)
@of_release
@as_json
def evidence(target: str, download: Path | None, context: str, namespace: str, name: str, output: str) -> int:
    """List a run's evidence in S3, or download it.

    Credentials are AWS's variables, else the Secret that the release uses. S3_ENDPOINT names another address of the
    service, such as a port-forward's. With -o json it is the run's index.
    """
    release = find(context, namespace, name)
    chosen = found_runs.find(release, target)
    store, prefix = Store(release), chosen.evidence_prefix()
    if download:
        written = list(store.download(prefix, download))
        if not written:
            raise ClusterError(f"there is nothing below {prefix} in bucket {store.bucket}")
        print("\n".join(map(str, written)))
    elif output == "json":
        print_json(store.index(prefix))
    else:
        files = store.listed(prefix)
        if INDEX not in files:
            raise ClusterError(
                f"there is no {prefix}/{INDEX} in bucket {store.bucket}: {chosen.name} is {chosen.phase}"
            )
        print(f"s3://{store.bucket}/{prefix}")
        if REPORT in files:
            print(f"report for people: s3://{store.bucket}/{prefix}/{REPORT}")
        print_table(("FILE", "BYTES"), [(one, str(size)) for one, size in sorted(files.items())])
    return 0


@click.command(epilog=TARGET)
@click.argument("target")
@click.argument("stage", type=click.Choice(NAMES))
@click.option("-f", "--follow", is_flag=True, help="Go on while it prints.")
@of_release
def logs(target: str, stage: str, follow: bool, context: str, namespace: str, name: str) -> int:
    """Print what a stage of a run printed, from its pods, or from the bucket when these are gone."""
    release = find(context, namespace, name)
    for line in stream(release, found_runs.find(release, target), stage, follow=follow):
        print(line, flush=follow)
    return 0


@click.command("open")
@click.argument("target", metavar="OWNER/REPO#PR")
@click.option("--print", "only_print", is_flag=True, help="Open no browser.")
@of_release
def open_preview(target: str, only_print: bool, context: str, namespace: str, name: str) -> int:
    """Print the URL of a pull request's preview, and open it in the browser."""
    wanted = pull(target)
    release = find(context, namespace, name)
    urls = [one.url for one in previews.listed(release, wanted) if one.url]
    if not urls:
        raise ClusterError(f"{wanted} has no preview: `idag status {wanted}` says what became of its runs")
    for url in urls:
        print(url)
        if not only_print:
            click.launch(url)
    return 0
