"""Runs as they go: a live table on a terminal, one line per change elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from idag.cluster.follow import Lines
from idag.cluster.stages import Stage, read_stages
from idag.progress import Progress
from scripts.lab.stand.workflow import phase

STYLES = {"Succeeded": "green", "Failed": "red", "Error": "red", "Running": "yellow"}
Show = Callable[[dict[str, dict[str, Any]]], None]


@contextmanager
def watching(console: Console, progress: Progress) -> Iterator[Show]:
    """Give a function that shows the states of Workflows by name each time it is called."""
    if not console.is_terminal:
        yield Lines(progress).show
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda workflows: live.update(table(workflows, datetime.now(UTC)))


def table(workflows: dict[str, dict[str, Any]], now: datetime) -> Table:
    """The stages of the Workflows side by side, each with state and elapsed time."""
    found = Table("stage", *(f"{name}: {phase(workflow)}" for name, workflow in workflows.items()))
    columns = [{stage.name: stage for stage in read_stages(workflow, now)} for workflow in workflows.values()]
    for name in dict.fromkeys(name for column in columns for name in column):
        found.add_row(name, *(_cell(column.get(name)) for column in columns))
    return found


def _cell(stage: Stage | None) -> str:
    if stage is None or stage.result == "Pending":
        return ""
    style = STYLES.get(stage.result, "dim")
    return f"[{style}]{stage.result:<9}[/] {stage.seconds:6.1f} s"
