"""What the tested repository says of itself, over the step's inputs: other paths, and limits that are stricter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from implementation_dag.contract import repository
from implementation_dag.contract.parameters import THRESHOLDS, decimal


def applied(env: Mapping[str, str], section: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the environment and the settings' section as they are in force by REPOSITORY. Raises RepositoryError."""
    own = repository.told(env.get("REPOSITORY", ""))
    # An argument that is none is refused by name where it is read.
    if not own or not all(one.accepts(env.get(one.name.upper(), "")) for one in THRESHOLDS):
        return dict(env), dict(section)
    given = {one.name: float(env[one.name.upper()]) for one in THRESHOLDS}
    limits = {name.upper(): decimal(limit) for name, limit in repository.in_force(given, own).items()}
    paths = [{"path": path["path"], "status": path.get("status", [200])} for path in own.get("paths", [])]
    return dict(env) | limits, dict(section) | ({"paths": paths} if paths else {})
