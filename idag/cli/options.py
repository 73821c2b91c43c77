"""Options that several commands have, and how they print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from idag.cluster import release
from idag.cluster.access import Access
from idag.cluster.release import Release
from implementation_dag.base.log import clean

Function = TypeVar("Function", bound=Callable[..., Any])

as_json = click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print.")


def of_cluster(function: Function) -> Function:
    """Give a command --context and --namespace."""
    for option in (
        click.option("-n", "--namespace", default="", help="Namespace of the release; the context's own without it."),
        click.option("--context", default="", help="Context of the kubeconfig; the current one without it."),
    ):
        function = option(function)
    return function


def of_release(function: Function) -> Function:
    """Give a command the options that name a release."""
    named = click.option("--release", "name", default="", help="Name of the release, where the namespace has several.")
    return of_cluster(named(function))


def find(context: str, namespace: str, name: str) -> Release:
    """Return the release that the options of `of_release` name. Raises ClusterError."""
    return release.find(Access(context), namespace, name)


def print_json(data: Any) -> None:
    """Print data as JSON."""
    print(json.dumps(data, indent=2))


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their head, each column as wide as it needs."""
    lines = [[clean(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
