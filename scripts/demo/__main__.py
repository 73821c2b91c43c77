"""`python -m scripts.demo [--scenario NAME] [--keep | --no-keep]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from idag.command import ends_in_words
from idag.progress import Progress
from implementation_dag.base.errors import CommandError
from scripts.demo import summary
from scripts.demo.running import run
from scripts.demo.scenarios import all_scenarios
from scripts.lab.errors import NotStarted
from scripts.lab.stand import environment, logs
from scripts.lab.stand.alone import alone, lock_of
from scripts.lab.stand.session import Session, prepared, remove_everything

OUT = Path("out") / "demo"


@ends_in_words("demo", 1, "interrupted; `make down` stops the cluster")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run one scenario; 0 only when it ended as it should."""
    names = list(all_scenarios("registry"))
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description="The whole DAG on a real cluster.")
    parser.add_argument("--scenario", default="default", choices=names, help="what to show (default: default)")
    parser.add_argument(
        "--keep",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep preview and cluster afterwards (default), or remove all that the demo made",
    )
    options = parser.parse_args(arguments)
    progress, console = Progress("demo"), Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    where = environment.describe(os.environ)
    with alone(lock_of(where.state)):
        good = _run(where, options.scenario, console, progress)
        if not options.keep:
            remove_everything(where, progress)
    return 0 if good else 1


def _run(where: environment.Environment, name: str, console: Console, progress: Progress) -> bool:
    """Prepare and run the scenario; on a fault logs are kept and the answer is False."""
    try:
        with prepared(where, console, progress) as session:
            return show_scenario(session, name, OUT)
    except NotStarted:
        raise
    except CommandError as error:
        print(f"demo: {error}", file=sys.stderr)
        save_logs(where, OUT, progress)
        return False


def show_scenario(session: Session, name: str, out: Path) -> bool:
    """Run a scenario, print and write its summary, keep logs when it went wrong; True when as expected."""
    outcome = run(session, all_scenarios(session.environment.registry)[name])
    summary.show(outcome, session.console)
    summary.write(outcome, out / "summary.json")
    session.progress(f"summary: {out / 'summary.json'}")
    if not outcome.as_expected:
        save_logs(session.environment, out, session.progress)
    elif any(seen.urls for seen in outcome.runs):
        urls = [url.url for seen in outcome.runs for url in seen.urls]
        session.console.print(where_to_look(session.environment, urls), soft_wrap=True)
    return outcome.as_expected


def where_to_look(where: environment.Environment, urls: Sequence[str]) -> str:
    """How to see the previews by hand, and how to stop."""
    if not where.ingress_address:
        return f"Previews: {', '.join(urls)}"
    lines = []
    for url in urls:
        host = url.split("//", 1)[-1].split("/", 1)[0]
        lines.append(f"curl --cacert {where.ca} --resolve {host}:443:{where.ingress_address} {url}")
    stop = ["`make down` stops the cluster and removes everything."] if where.local else []
    return "\n".join(["See the preview yourself:", *(f"  {line}" for line in lines), *stop])


def save_logs(where: environment.Environment, out: Path, progress: Progress) -> None:
    """Keep logs of all pods and controllers."""
    problems = logs.save(where, out / "logs")
    progress(f"logs of all pods and controllers: {out / 'logs'}")
    for problem in problems:
        progress(f"not read: {problem}")


if __name__ == "__main__":
    sys.exit(main())
