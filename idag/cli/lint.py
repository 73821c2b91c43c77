"""`idag lint`: hold a chart to the rules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from idag.cli.options import as_json, print_json
from idag.lint import RULES
from idag.lint import lint as judged
from idag.render.manifests import Object
from idag.schemas.reading import read_parts, stream_parts
from idag.yaml_reader import InputError, read_stdin


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--list", "listing", is_flag=True, help="Print the rules instead.")
@click.option(
    "--ignore", multiple=True, metavar="ID", type=click.Choice(sorted(RULES)), help="Leave a rule out; may be repeated."
)
@as_json
def lint(paths: Sequence[str], listing: bool, ignore: Sequence[str], output: str) -> int:
    """Lint Argo workflows and manifests in files and folders, or - for standard input.

    All are judged as one set. Exit code 1 when something was found, 2 when something cannot be read.
    """
    if listing:
        rules = [RULES[name] for name in sorted(RULES)]
        if output == "json":
            print_json([{"id": rule.id, "title": rule.title, "why": rule.why} for rule in rules])
        else:
            for rule in rules:
                print(f"{rule.id}  {rule.title}: {rule.why}")
        return 0
    if not paths:
        raise click.UsageError("name a file or folder, or - for standard input")
    objects, unreadable = _read(paths)
    if not objects and not unreadable:
        names = ("standard input" if path == "-" else path for path in paths)
        raise InputError(f"{', '.join(names)}: there is no object in it, so nothing was looked at")
    for error in unreadable:
        print(f"idag: {error}", file=sys.stderr)
    found = judged(objects, only=[name for name in RULES if name not in ignore])
    if output == "json":
        print_json([finding._asdict() for finding in found])
    else:
        for finding in found:
            print(finding)
    return 2 if unreadable else int(bool(found))


def _read(paths: Sequence[str]) -> tuple[list[Object], list[InputError]]:
    """The objects, and why each document that cannot be read is left out: the others are judged all the same."""
    parts = [*read_parts([Path(path) for path in paths if path != "-"])]
    if "-" in paths:
        parts += stream_parts(read_stdin(), "standard input")
    unreadable = [part for part in parts if isinstance(part, InputError)]
    return [item for part in parts if not isinstance(part, InputError) for item in part], unreadable
