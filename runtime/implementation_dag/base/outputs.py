"""Output parameters of a step: one file each, where the WorkflowTemplate looks for them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write(parameters: Mapping[str, str]) -> None:
    """Write each parameter to ``$OUTPUTS/<name>`` (default /tmp/outputs)."""
    folder = Path(os.environ.get("OUTPUTS", "/tmp/outputs"))  # noqa: S108 -- an emptyDir of the pod
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in parameters.items():
        (folder / name).write_text(value)
