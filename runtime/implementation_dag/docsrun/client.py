"""Start a DocsRun, follow it to its end, and bring its files home."""

from __future__ import annotations

import base64
import math
from datetime import datetime
from pathlib import Path
from typing import Any

from lightkube import ApiError, Client
from lightkube.resources.core_v1 import ConfigMap

from implementation_dag.base import kube, moments, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.contract import names, run
from implementation_dag.contract.served import served_name

POLL_SECONDS = 1
FINAL = ("Succeeded", "Failed")


def manifest(name: str, this: run.Run, spec: dict[str, Any]) -> dict[str, Any]:
    """Return a DocsRun owned by this run's Workflow."""
    return {
        "apiVersion": "taskmaster.io/v1",
        "kind": "DocsRun",
        "metadata": {
            "name": name,
            "namespace": this.namespace,
            "labels": this.labels,
            "ownerReferences": [this.owner_reference],
        },
        "spec": spec,
    }


def complete(
    client: Client, docsrun: dict[str, Any], limit: float = math.inf, since: datetime | None = None
) -> dict[str, Any]:
    """Start the DocsRun, or find it running from an earlier try of this step, and return its final status.

    Raises StepError when it has none after `limit` seconds: without one, the step's own deadline is the limit.

    One that had ended before this try began, at `since` or just now, is an earlier one's whose cause may be mended
    (`argo retry`): this one begins anew, under the name with the next number behind it.
    """
    first, tries = docsrun["metadata"]["name"], 1
    name, namespace = first, docsrun["metadata"]["namespace"]
    while not _create(client, docsrun | {"metadata": docsrun["metadata"] | {"name": name}}):
        status = _status(client, name, namespace)
        if status.get("phase") not in FINAL or (since and moments.read(status["completionTime"]) >= since):
            break
        say(f"DocsRun {name} of an earlier try is {status['phase']}: beginning anew")
        tries += 1
        name = names.docsrun(first, str(tries))
    last = ""
    for _ in wait.rounds(limit, POLL_SECONDS):
        status = _status(client, name, namespace)
        phase = status.get("phase", "Pending")
        words = f"DocsRun {name} is {phase}" + (f": {status['message']}" if status.get("message") else "")
        if words != last:
            say(words)
            last = words
        if phase in FINAL:
            return status
    raise StepError(f"{words} after {limit:.0f} s: see the controller that runs DocsRuns")


def _create(client: Client, docsrun: dict[str, Any]) -> bool:
    """Create the DocsRun; False: there is one of that name."""

    def create() -> bool:
        try:
            client.create(kube.DocsRun.from_dict(docsrun))
        except ApiError as error:
            if error.status.reason != "AlreadyExists":
                raise
            return False
        return True

    return kube.persistently(f"create DocsRun {docsrun['metadata']['name']}", create)


def _status(client: Client, name: str, namespace: str) -> dict[str, Any]:
    found = kube.persistently(f"read DocsRun {name}", lambda: client.get(kube.DocsRun, name, namespace=namespace))
    status: dict[str, Any] = kube.as_dict(found).get("status") or {}
    return status


def save_files(client: Client, namespace: str, status: dict[str, Any], folder: Path) -> list[str]:
    """Write the files that the DocsRun left behind into `folder`; return their names."""
    reference = status.get("resultsRef")
    folder.mkdir(parents=True, exist_ok=True)
    if not reference:
        return []
    found = kube.persistently("read the results", lambda: client.get(ConfigMap, reference["name"], namespace=namespace))
    files = found.binaryData or {}
    saved = []
    for name, content in files.items():
        # What ran there was a pull request's own: its files are as hostile as an agent's.
        if stored := served_name(Path(name).name):
            (folder / stored).write_bytes(base64.b64decode(content))
            saved.append(stored)
    return sorted(saved)
