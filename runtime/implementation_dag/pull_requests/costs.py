"""What runs and previews cost, as the evidence step of each run said it."""

from __future__ import annotations

from typing import Any

from implementation_dag import cost
from implementation_dag.base import workflow_status

from . import runs
from .model import Phase, Preview

Object = dict[str, Any]
# The second one is there where the first one failed.
_SAYS = ("evidence", "evidence-again")


def of_run(workflow: Object) -> cost.Cost | None:
    """Return what a run cost; None where nobody said it."""
    left = workflow_status.exit_tasks(workflow)
    said = [workflow_status.outputs(left[task]).get("cost", "") for task in _SAYS if task in left]
    return next((found for text in said if (found := cost.read(text))), None)


class Standing:
    """What previews cost that stand, by the Workflows that events told of: each is read once, when it has ended."""

    def __init__(self) -> None:
        self._hourly: dict[str, float] = {}

    def workflow_changed(self, name: str, item: Object | None) -> None:
        """Remember what the preview of a run costs an hour, or that its Workflow is gone."""
        over = item and (item.get("status") or {}).get("finishedAt")
        found = of_run(item) if item and over else None
        self._hourly.pop(name, None)
        if found:
            self._hourly[name] = found.preview_hourly

    def hourly(self, preview: Preview) -> float:
        """Return what a preview costs an hour now; 0 where none stands."""
        run = runs.newest_test(preview.status.run, preview.status.history)
        return self._hourly.get(run.name, 0.0) if run and preview.status.phase == Phase.READY else 0.0
