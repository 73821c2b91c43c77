"""index.json: what a run was given, what came of it, what ran, and each file's size and sha256.

Its shape is evidence_index.schema.json. A promotion rests on it, so nothing in it is a guess: what is unknown is null.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from implementation_dag.base.errors import StepError
from implementation_dag.base.workflow_status import OMITTED, RunStatus
from implementation_dag.contract import branch, repository, stages
from implementation_dag.contract.parameters import THRESHOLDS, Number, Parameter
from implementation_dag.cost import Cost, Usage
from implementation_dag.preview.preview_look import Look

Object = dict[str, Any]
SCHEMA_VERSION = 2
INDEX, REPORT = "index.json", "report.html"
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_WHOLE = re.compile(r"[1-9][0-9]{0,8}\Z")
# A stage's own JSON files are small; what is larger is not looked into.
_DOCUMENT_LIMIT = 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Run:
    """The Workflow, and the installation of the chart that ran it."""

    workflow: str
    uid: str
    namespace: str
    installation: str


@cache
def schema() -> Object:
    """Return the JSON schema of an index: the published one, with the thresholds and their limits."""
    text = resources.files(__package__).joinpath("evidence_index.schema.json").read_text()
    loaded: Object = json.loads(text)
    loaded["properties"]["thresholds"] |= {
        "required": [one.name for one in THRESHOLDS],
        "properties": {one.name: _schema(one.limits) for one in THRESHOLDS},
        "additionalProperties": False,
    }
    return loaded


def _schema(limits: object) -> Object:
    assert isinstance(limits, Number)  # noqa: S101 -- a threshold is a number
    kind = "number" if limits.decimals else "integer"
    return {"type": [kind, "null"], "minimum": limits.minimum, "maximum": limits.maximum}


def build(run: Run, versions: dict[str, str], status: RunStatus, seen: Look | None, folder: Path) -> Object:
    """Return the index over the files in `folder`; `seen` is what ran in the preview at the end."""
    given = status.parameters
    verdicts = {folder: status.verdict(task) for folder, task in stages.TASKS.items()}
    deployed = _document(folder / "deploy" / "image.json")
    looked = _document(folder / "acceptance" / "preview.json")
    own = _own(deployed)
    return {
        "schema_version": SCHEMA_VERSION,
        "owner": given.get("owner"),
        "repo": given.get("repo"),
        "pr": int(given["pr"]) if _WHOLE.match(given.get("pr", "")) else None,
        "workflow": run.workflow,
        "run": {"workflow": run.workflow, "uid": run.uid, "namespace": run.namespace},
        "pipeline": {"release": run.installation, "chart": versions["chart"], "image": versions["runtime"]},
        "versions": {name: version or None for name, version in versions.items()},
        "started": status.started or None,
        "ended": status.ended or None,
        "base_commit": _commit(status.output("set-params", "COMMIT")),
        "commit": _tested(status),
        "branch": branch.decoded(status.output("set-params", "BRANCH")).encode(errors="replace").decode() or None,
        "parameters": given,
        "thresholds": _thresholds(given, own or {}),
        "repository": own,
        "images": {
            "application": deployed.get("image") or None,
            "digests": deployed.get("digests") or [],
            "seen": [item for item in (looked.get("before"), looked.get("after"), seen and seen.document()) if item],
        },
        "manifests": {"resources.yaml": deployed["manifest"]} if deployed.get("manifest") else {},
        "result": status.result,
        "failures": status.failures,
        "stages": verdicts,
        "tasks": {one.task: _task(one.task, status) for one in stages.STAGES},
        "notes": list(status.notes),
        "files": _files(folder, verdicts),
    }


def _task(task: str, status: RunStatus) -> Object:
    started, ended = status.times.get(task, ("", ""))
    return {"verdict": status.verdict(task), "started": started or None, "ended": ended or None}


def usage(found: Usage, costs: Cost | None) -> Object:
    """Return what a run used, its preview until now included, and what that costs where there are prices."""
    return {
        "cpu_core_hours": round(found.core_hours, 6),
        "memory_gib_hours": round(found.gib_hours, 6),
        "cost": asdict(costs) if costs else None,
    }


def _tested(status: RunStatus) -> str | None:
    """The commit that QA was given: that of the last stage before it that ended well."""
    for task in stages.WRITERS:
        if status.verdict(task) != OMITTED:
            return _commit(status.output(task, "commit"))
    return _commit(status.output("set-params", "COMMIT"))


def _own(deployed: Object) -> Object | None:
    """What the tested repository said of itself, as deploy took it; None without such a file."""
    if deployed.get("repository") is None:
        return None
    try:
        return repository.checked(deployed["repository"])
    except StepError:
        return None


def _thresholds(given: dict[str, str], own: Object) -> Object:
    """What acceptance demanded by the run's arguments and the repository's own limits."""
    asked = {one.name: _threshold(given.get(one.name), one) for one in THRESHOLDS}
    known = {name: value for name, value in asked.items() if value is not None}
    return dict(repository.in_force(known, own)) if len(known) == len(asked) else asked


def _commit(text: str) -> str | None:
    return text if _COMMIT.match(text) else None


def _threshold(text: str | None, threshold: Parameter) -> int | float | None:
    if text is None or not threshold.accepts(text):
        return None
    return threshold.kind(text)


def _document(path: Path) -> Object:
    """A JSON object that one of our own steps left, empty when there is none."""
    try:
        if path.is_symlink() or path.stat().st_size > _DOCUMENT_LIMIT:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _files(folder: Path, verdicts: dict[str, str]) -> list[Object]:
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(folder).as_posix()
        # A later try of the exit handler finds what the one before wrote.
        if name in (INDEX, REPORT):
            continue
        stage = name.split("/", 1)[0]
        found.append(entry(name, path) | {"stage": stage, "result": verdicts.get(stage, "")})
    return found


def entry(name: str, path: Path) -> Object:
    """What the index says of a file that no stage left."""
    return {"name": name, "size": path.stat().st_size, "sha256": _sha256(path), "stage": "", "result": ""}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
