"""Settings of all steps: the YAML that the chart renders from its values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

DEFAULT_PATH = Path("/etc/implementation-dag/config.yaml")


def load() -> dict[str, Any]:
    """Return the settings; their shape is values.schema.json's. IMPLEMENTATION_DAG_CONFIG names another file."""
    path = Path(os.environ.get("IMPLEMENTATION_DAG_CONFIG", DEFAULT_PATH))
    settings: dict[str, Any] = yaml.safe_load(path.read_text())
    return settings
