"""Step evidence: index.json over everything that the stages left in the bucket."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from . import config, run
from .log import say

STAGES = Path("/input/stages")
INDEX = Path("/artifacts/index.json")
# Evidence folder of a stage → name of its task in the DAG.
TASKS = {
    "rex": "implement",
    "clippy": "clippy-format",
    "qa": "qa-testing",
    "deploy": "deploy",
    "acceptance": "acceptance",
}


def failures(text: str) -> dict[str, str]:
    """Return task → message of the failed nodes; `text` is Argo's workflow.failures, JSON inside a JSON string."""
    found: Any = json.loads(text) if text else []
    if isinstance(found, str):
        found = json.loads(found) if found else []
    return {str(node["displayName"]): str(node.get("message", "")) for node in found or []}


def results(status: str, failed: dict[str, str], seen: set[str]) -> dict[str, str]:
    """Return stage → Succeeded, Failed or Omitted: stages run in order, so what follows a failure did not run."""
    outcome = {}
    broken = status != "Succeeded" and not any(task in failed for task in TASKS.values()) and not seen
    for stage, task in TASKS.items():
        if broken:
            outcome[stage] = "Omitted"
        elif task in failed:
            outcome[stage], broken = "Failed", True
        else:
            outcome[stage] = "Succeeded" if status == "Succeeded" or stage in seen else "Omitted"
    return outcome


def index(this: run.Run, pipeline: dict[str, str], status: str, failed: dict[str, str], folder: Path) -> dict[str, Any]:
    """Return the index: run, result and, for each file, name, size (bytes), sha256, stage and the stage's result.

    `pipeline` says what ran it: release, version of the chart, image. A promotion rests on that.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path: path.relative_to(folder).as_posix() for path in files}
    seen = {name.split("/", 1)[0] for name in names.values()}
    outcome = results(status, failed, seen)
    return {
        "owner": this.owner,
        "repo": this.repo,
        "pr": int(this.pr),
        "workflow": this.workflow,
        "pipeline": pipeline,
        "result": status,
        "failures": failed,
        "stages": outcome,
        "files": [
            {
                "name": name,
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "stage": name.split("/", 1)[0],
                "result": outcome.get(name.split("/", 1)[0], ""),
            }
            for path, name in names.items()
            if name != "index.json"
        ],
    }


def main() -> int:
    """Write index.json for this run."""
    if run.refused():
        return 0
    this, settings = run.from_environment(), config.load()
    pipeline = {"release": this.installation, "chart": settings["chart"], "image": settings["image"]}
    found = index(this, pipeline, os.environ["STATUS"], failures(os.environ.get("FAILURES", "")), STAGES)
    INDEX.parent.mkdir(parents=True, exist_ok=True)
    INDEX.write_text(json.dumps(found, indent=2) + "\n")
    for item in found["files"]:
        say(f"{item['stage']:<11} {item['result']:<9} {item['size']:>9} B  {item['name']}")
    return 0
