"""Follow runs: a line of progress for each stage that begins or ends."""

from __future__ import annotations

from typing import Any

from idag.cluster.stages import FINISHED, read_stages
from idag.progress import Progress


class Lines:
    """Prints a progress line when a stage begins or ends."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last: dict[tuple[str, str], str] = {}

    def show(self, workflows: dict[str, dict[str, Any]]) -> None:
        """Print what changed since the last call."""
        for name, workflow in workflows.items():
            for stage in read_stages(workflow):
                if stage.result == "Pending" or self._last.get((name, stage.name)) == stage.result:
                    continue
                self._last[name, stage.name] = stage.result
                took = f" after {stage.seconds:.1f} s" if stage.result in FINISHED else ""
                words = f": {stage.message}" if stage.message and stage.result in ("Failed", "Error") else ""
                self._progress(f"{name} {stage.name}: {stage.result}{took}{words}")
