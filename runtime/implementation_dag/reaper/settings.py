"""What the chart tells the reaper."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from .model import Settings


@dataclass(frozen=True)
class Told:
    """What the decision goes by, how often it is made, and what may be done."""

    decision: Settings
    # Image of the release's own steps, for the uninstall in previews that were made beforehand.
    image: str
    interval_seconds: float = 30
    dry_run: bool = False
    remove_finalizers: frozenset[str] = frozenset()
    log_level: str = "INFO"


def load(env: Mapping[str, str] = os.environ) -> Told:
    """Read NAMESPACE, RELEASE, IMAGE, LOG_LEVEL, CLUSTER_SCOPED (true or false), and REAPER: value `reaper` as JSON."""
    given = json.loads(env["REAPER"])
    return Told(
        Settings(env["RELEASE"], env["NAMESPACE"], float(given["graceSeconds"]), env["CLUSTER_SCOPED"] == "true"),
        env["IMAGE"],
        float(given["intervalSeconds"]),
        bool(given["dryRun"]),
        frozenset(given["removeFinalizers"]),
        env.get("LOG_LEVEL", "INFO"),
    )
