"""Files that a DocsRun's command leaves for the controller (docs: DocsRun, results)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from implementation_dag.docsrun.results import MESSAGE_LIMIT

FOLDER = Path(os.environ.get("RESULTS", "/results"))


def outputs(values: Mapping[str, str]) -> None:
    """Hand over small results: they become status.outputs."""
    (FOLDER / "outputs.json").write_text(json.dumps(values))


def failure(reason: str, message: str) -> None:
    """Hand over why the command failed: `reason` in CamelCase, `message` in words, whose beginning is kept."""
    (FOLDER / "failure.json").write_text(json.dumps({"reason": reason, "message": message[:MESSAGE_LIMIT]}))


def file(name: str, text: str) -> None:
    """Hand over one evidence file."""
    (FOLDER / name).write_text(text)
