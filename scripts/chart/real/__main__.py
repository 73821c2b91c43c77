"""`python -m scripts.chart.real FOLDER`: take each chart below the folder through harness, schemas and lint.

With --pipeline one of them goes through the demo's pipeline on the local cluster too. Writes summary.json and, for each
chart, what was found. Exit code: 0 every chart was rendered and linted and the run succeeded, 1 one was not, 2 there is
none. Findings are no failure: the charts are other people's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from idag.command import ends_in_words
from idag.progress import Progress
from idag.yaml_reader import InputError
from implementation_dag.base.errors import CommandError
from scripts.chart.real import pipeline
from scripts.chart.real.chart import check, find

BESIDE = "folder laid over the repository: values-preview.yaml, Containerfile; its release.yaml is for our own release"


@ends_in_words("check-real")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.chart.real", description=__doc__.partition(":")[2])
    parser.add_argument("folder", help="folder with charts in it, such as a clone of somebody's repository")
    parser.add_argument("--out", type=Path, default=Path("out/real"), help="folder of the report")
    parser.add_argument("--pipeline", default="", metavar="CHART", help="name of the chart that a run deploys")
    parser.add_argument("--beside", metavar="FOLDER", default="", help=BESIDE)
    options = parser.parse_args(arguments)
    if not options.folder:
        parser.error("name the folder of the charts: `make check-real REAL=folder`")
    charts = find(Path(options.folder))
    chosen = pipeline.choose(charts, options.pipeline) if options.pipeline else None
    if options.beside and not Path(options.beside).is_dir():
        raise InputError(f"WITH={options.beside}: there is no such folder")
    options.out.mkdir(parents=True, exist_ok=True)
    progress = Progress("check-real")
    results = []
    for chart in charts:
        result, told = check(chart)
        results.append(result)
        (options.out / f"{chart.name}.txt").write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
        words = f"{result.schema_faults} schema faults, {result.findings} findings"
        progress(f"{result.name} {result.version}: {result.reason or words}")
    ran = _pipeline(chosen, options.beside, progress) if chosen else None
    summary = {"charts": [result._asdict() for result in results], "pipeline": ran and ran._asdict()}
    (options.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    good = sum(result.rendered and result.linted for result in results)
    progress(f"{good} of {len(results)} charts were rendered and linted; see {options.out / 'summary.json'}")
    if ran:
        progress(f"{ran.name} {ran.version} through the pipeline: {ran.result}{ran.reason and f': {ran.reason}'}")
    return 0 if good == len(results) and (ran is None or ran.result == "Succeeded") else 1


def _pipeline(chart: Path, beside: str, progress: Progress) -> pipeline.Pipeline:
    try:
        return pipeline.run(chart, Path(beside) if beside else None, progress)
    except CommandError as error:
        return pipeline.could_not_run(chart, error)


if __name__ == "__main__":
    sys.exit(main())
