"""Everything one needs after a failure: logs of every pod and controller, objects and events."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from implementation_dag.contract import labels
from scripts.lab.errors import LabError
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, Environment

PREVIEW_PREFIX = "impl-"
# Namespaces of the local cluster's own controllers.
LOCAL = ("argo", "ingress", "kube-system")
OBJECTS = (
    "workflows.argoproj.io",
    "docsruns.taskmaster.io",
    f"agentruns.{labels.GROUP}",
    f"previews.{labels.GROUP}",
    "jobs",
    "pods",
    "deployments",
    "ingresses",
)
TAIL = "--tail=5000"
READERS = 4


def save(environment: Environment, folder: Path) -> list[str]:
    """Write the logs below `folder`, emptied first; returns what could not be read, in words."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    problems: list[str] = []
    for namespace in _namespaces(environment, problems):
        _save_namespace(environment, namespace, folder / namespace, problems)
    if environment.local and environment.state.logs.is_dir():
        shutil.copytree(environment.state.logs, folder / "cluster")
    return problems


def _namespaces(environment: Environment, problems: list[str]) -> list[str]:
    known = [RELEASE_NAMESPACE, DEMO_NAMESPACE, *(LOCAL if environment.local else ())]
    try:
        found = [item["metadata"]["name"] for item in environment.kubectl.items("namespaces")]
    except LabError as error:
        problems.append(str(error))
        return []
    return [name for name in found if name in known or name.startswith(PREVIEW_PREFIX)]


def _save_namespace(environment: Environment, namespace: str, folder: Path, problems: list[str]) -> None:
    folder.mkdir()
    where = f"--namespace={namespace}"

    def keep(name: str, *arguments: str) -> None:
        try:
            text = environment.kubectl.run(*arguments, where)
        except LabError as error:
            problems.append(str(error))
            return
        if text.strip() and "items: []" not in text:
            (folder / name).write_text(text)

    keep("events.txt", "get", "events", "--sort-by=.lastTimestamp", "--output=wide")
    for kind in OBJECTS:
        keep(f"{kind.split('.')[0]}.yaml", "get", kind, "--output=yaml")
    try:
        pods = environment.kubectl.items("pods", where)
    except LabError as error:
        problems.append(str(error))
        return
    wanted = [(str(pod["metadata"]["name"]), container) for pod in pods for container in started_containers(pod)]

    def keep_log(item: tuple[str, str]) -> None:
        name, container = item
        keep(f"{name}.{container}.log", "logs", name, f"--container={container}", "--timestamps", TAIL)

    with ThreadPoolExecutor(max_workers=READERS) as pool:
        list(pool.map(keep_log, wanted))


def started_containers(pod: dict[str, Any]) -> list[str]:
    """Names of the pod's containers that ever ran: only those have logs."""
    status = pod.get("status") or {}
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return [
        str(item["name"])
        for item in states
        if {"running", "terminated"} & {*(item.get("state") or {}), *(item.get("lastState") or {})}
    ]
