"""The plan handed to the k6 script: everything it needs, in one JSON file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from implementation_dag.acceptance.settings import Settings
from implementation_dag.acceptance.targets import Target

_MOST_VIRTUAL_USERS = 10
# Bodies travel through k6's log and this process's memory: a long test keeps those of each host's first requests.
_MOST_EVIDENCE_BYTES = 32 * 1024 * 1024


def write_plan(settings: Settings, targets: Sequence[Target], folder: Path) -> Path:
    """Write plan.json into `folder` (its keys are described at the top of acceptance.js) and return its path.

    One virtual user a target, at most 10: a target's requests follow one another, as in the specification.
    """
    plan = {
        "targets": [target.url for target in targets],
        "paths": [{"path": path.path, "status": list(path.statuses)} for path in settings.paths],
        "requestsPerHost": settings.requests_per_host,
        "minSuccess": decimal(settings.min_success),
        "maxP95Ms": decimal(settings.max_p95_ms),
        "bodyLimitBytes": settings.body_limit_bytes,
        "bodiesPerHost": max(1, _MOST_EVIDENCE_BYTES // (len(targets) * max(1, settings.body_limit_bytes))),
        "timeoutSeconds": settings.timeout_seconds,
        "userAgent": settings.user_agent,
        "virtualUsers": min(len(targets), _MOST_VIRTUAL_USERS),
        "summary": str(folder / "summary.json"),
    }
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def longest_run_seconds(settings: Settings, target_count: int) -> float:
    """Return the time after which k6 must have ended, every request having run into its time limit."""
    users = min(target_count, _MOST_VIRTUAL_USERS)
    total = target_count * settings.requests_per_host
    return total / users * (settings.timeout_seconds + 1) + settings.timeout_seconds + 90


def decimal(number: float) -> str:
    """Return `number` without exponent and needless zeros: k6's threshold expressions know no exponents."""
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return text or "0"
