"""The command and its subcommands; how each of them ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import click

from idag.cli import chart, doctor, lint, promote, retention, runs
from idag.command import ends_in_words

PROGRAM = "idag"
DISTRIBUTION = "implementation-dag"
CANNOT = 2
INTERRUPTED = 130
EPILOG = """\
\b
Exit codes: 0 done, and all is well; 1 done, and something is not well (a finding, a difference, a failed run);
2 it could not be done; 130 interrupted. Data is printed to standard output, progress and errors to standard error.

\b
Completion: eval "$(_IDAG_COMPLETE=bash_source idag)" in ~/.bashrc; zsh_source and fish_source are there too.
"""


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "of a checkout"


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(_version(), prog_name=PROGRAM, message="%(prog)s %(version)s")
def commands() -> None:
    """Look after implementation-dag: its cluster, releases, runs and charts."""


for command in (
    doctor.doctor,
    lint.lint,
    chart.chart,
    promote.promote,
    retention.retention,
    runs.run,
    runs.status,
    runs.evidence,
    runs.logs,
    runs.open_preview,
):
    commands.add_command(command)


@ends_in_words(PROGRAM, CANNOT)
def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, those of the process without any; return the exit code."""
    try:
        return int(commands.main(args=arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return CANNOT
    except SystemExit as ended:
        # click's own end where nobody reads, and of completion.
        return CANNOT if ended.code else 0
    except click.Abort:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
