"""Settings of all steps, which the chart writes into the WorkflowTemplate.

A Workflow keeps the spec it started with, so a run keeps its settings through any upgrade of the release.
"""

from __future__ import annotations

import os
from typing import Any

import yaml


def load() -> dict[str, Any]:
    """Return what SETTINGS (YAML) says; its shape is that of the chart's implementation-dag.settings.

    Raises ValueError when it is not a mapping.
    """
    try:
        settings = yaml.safe_load(os.environ.get("SETTINGS", ""))
    except yaml.YAMLError as error:
        raise ValueError(f"SETTINGS is not YAML: {error}") from None
    if not isinstance(settings, dict):
        raise ValueError(f"SETTINGS must be a mapping, got {settings!r:.100}")
    return settings
