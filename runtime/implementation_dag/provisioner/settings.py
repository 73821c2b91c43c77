"""What the chart tells the provisioner."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from implementation_dag.contract import settings
from implementation_dag.contract.stages import KEEP, REMOVE
from implementation_dag.steps.cleanup import UNINSTALL_SECONDS


@dataclass(frozen=True)
class Told:
    """The release, what its steps go by, what it puts into each preview, and how long a step may take."""

    release: str
    namespace: str
    steps: settings.OfProvisioner
    # Manifests, as YAML.
    objects: str
    step_seconds: float
    log_level: str = "INFO"

    def limit(self, step: str) -> float:
        """Return how long a node of that step may wait, the work included."""
        removes = step in (REMOVE, KEEP)
        return self.step_seconds + (UNINSTALL_SECONDS + self.steps.preview.deletion_timeout_seconds) * removes


def load(env: Mapping[str, str] = os.environ) -> Told:
    """Read RELEASE, NAMESPACE, SETTINGS, OBJECTS, STEP_SECONDS and LOG_LEVEL. Raises StepError."""
    return Told(
        env["RELEASE"],
        env["NAMESPACE"],
        settings.load(settings.OfProvisioner, env),
        env["OBJECTS"],
        float(env["STEP_SECONDS"]),
        env.get("LOG_LEVEL", "INFO"),
    )
