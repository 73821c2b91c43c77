"""How a run went, read from its own Workflow by API: a template value would have Argo evaluate what authors wrote."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lightkube import Client

from . import kube
from .errors import StepError
from .log import clean

Object = dict[str, Any]
SUCCEEDED, FAILED, OMITTED, UNKNOWN = "Succeeded", "Failed", "Omitted", "Unknown"
MESSAGE_LIMIT = 2000
VALUE_LIMIT = 2000
# Nodes of a large run, unpacked: more would be a bomb.
NODES_LIMIT = 64 * 1024 * 1024
_PHASES = {"Succeeded": SUCCEEDED, "Failed": FAILED, "Error": FAILED, "Skipped": OMITTED, "Omitted": OMITTED}


@dataclass(frozen=True)
class RunStatus:
    """A run's result, arguments and nodes by task: verdict, message of a failure, output parameters.

    `notes` say what could not be read; verdicts of tasks are then Unknown.
    """

    result: str
    parameters: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    # Task → when it started and ended, empty where it did not.
    times: dict[str, tuple[str, str]] = field(default_factory=dict)
    started: str = ""
    ended: str = ""
    notes: tuple[str, ...] = ()

    def verdict(self, task: str) -> str:
        """Succeeded, Failed, Omitted (it did not run) or Unknown."""
        return self.verdicts.get(task, UNKNOWN if self.notes else OMITTED)

    def output(self, task: str, name: str) -> str:
        """An output parameter, empty when the task gave none."""
        return self.outputs.get(task, {}).get(name, "")


def bounded(text: object, limit: int = VALUE_LIMIT) -> str:
    """Return `text` with control characters escaped, cut at `limit` characters."""
    words = clean(str(text))
    return words if len(words) <= limit else f"{words[:limit]}... [cut]"


def read(client: Client, namespace: str, name: str, uid: str) -> Object:
    """Return the Workflow. Raises StepError when it cannot be read or is another one of that name."""
    found = kube.persistently(f"read Workflow {name}", lambda: client.get(kube.Workflow, name, namespace=namespace))
    workflow = kube.as_dict(found)
    if workflow["metadata"].get("uid") != uid:
        raise StepError(f"Workflow {name} has uid {workflow['metadata'].get('uid')}, this run has {uid}")
    return workflow


def of(workflow: Object, result: str) -> RunStatus:
    """Return the status of a run in its exit handler; `result` is what Argo says of the run as a whole."""
    name, status = workflow["metadata"]["name"], workflow.get("status") or {}
    named, note = _named(status)
    tasks = _tasks(name, named)
    root = named.get(name, {})
    return RunStatus(
        result=result,
        parameters=parameters(workflow),
        verdicts={task: _verdict(node) for task, node in tasks.items()},
        failures={task: _words(node, named) for task, node in tasks.items() if _verdict(node) == FAILED},
        outputs={task: outputs(node) for task, node in tasks.items()},
        times={
            task: (str(node.get("startedAt") or ""), str(node.get("finishedAt") or "")) for task, node in tasks.items()
        },
        started=str(status.get("startedAt") or ""),
        ended=str(root.get("finishedAt") or max((str(n.get("finishedAt") or "") for n in tasks.values()), default="")),
        notes=(note,) if note else (),
    )


def tasks(workflow: Object) -> dict[str, Object]:
    """Return the nodes of the pipeline's tasks, by task: none where they cannot be read."""
    return _tasks(workflow["metadata"]["name"], _named(workflow.get("status") or {})[0])


def exit_tasks(workflow: Object) -> dict[str, Object]:
    """Return the nodes of the exit handler's tasks, by task; a node for each, not for its tries."""
    start = f"{workflow['metadata']['name']}.onExit"
    named = _named(workflow.get("status") or {})[0]
    found = {key.removeprefix(start): node for key, node in named.items() if key.startswith(start)}
    return {key.rpartition(".")[2]: node for key, node in found.items() if "." in key and "(" not in key}


def nodes(workflow: Object) -> list[Object]:
    """Return all nodes of the run so far: none where they cannot be read."""
    return list(_named(workflow.get("status") or {})[0].values())


def _named(status: Object) -> tuple[dict[str, Object], str]:
    nodes, note = _nodes(status)
    return {str(node.get("name")): node for node in nodes.values()}, note


def _tasks(name: str, named: dict[str, Object]) -> dict[str, Object]:
    return {key.removeprefix(f"{name}."): node for key, node in named.items() if _is_task(name, key)}


def outputs(node: Object) -> dict[str, str]:
    """Return the output parameters of a node."""
    return _values((node.get("outputs") or {}).get("parameters"))


def parameters(workflow: Object) -> dict[str, str]:
    """Return the run's arguments as they were given, defaults of its template included."""
    stored = (workflow.get("status") or {}).get("storedWorkflowTemplateSpec") or {}
    found: dict[str, str] = {}
    for spec in (stored, workflow.get("spec") or {}):
        found |= _values((spec.get("arguments") or {}).get("parameters"))
    return found


def _values(items: list[Object] | None) -> dict[str, str]:
    return {bounded(item["name"]): bounded(item["value"]) for item in items or [] if item.get("value") is not None}


def _nodes(status: Object) -> tuple[dict[str, Object], str]:
    """The nodes, and in words why there are none."""
    if status.get("nodes"):
        return dict(status["nodes"]), ""
    if packed := status.get("compressedNodes"):
        try:
            # 31: a gzip header is expected.
            unpacker = zlib.decompressobj(31)
            text = unpacker.decompress(base64.b64decode(packed, validate=True), NODES_LIMIT)
            if unpacker.unconsumed_tail:
                return {}, f"the Workflow's nodes take more than {NODES_LIMIT} bytes: left out"
            found = json.loads(text)
            if not isinstance(found, dict) or not all(isinstance(node, dict) for node in found.values()):
                raise ValueError("they are no mapping of nodes")
            return found, ""
        except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
            return {}, f"the Workflow's compressed nodes cannot be read: {error}"
    if status.get("offloadNodeStatusVersion"):
        return {}, (
            "the Workflow's nodes lie in Argo's database (nodeStatusOffLoad), which this step does not read: "
            "the stages' verdicts are unknown"
        )
    return {}, "the Workflow has no nodes: the stages' verdicts are unknown"


def _is_task(workflow: str, node: str) -> bool:
    """Whether it is a task of the main dag: not one of its tries or of what it runs itself, nor of the exit handler."""
    task = node.removeprefix(f"{workflow}.")
    return task != node and not any(mark in task for mark in ".([") and task != "onExit"


def _verdict(node: Object) -> str:
    """What has not ended when the exit handler runs never will."""
    return _PHASES.get(str(node.get("phase")), FAILED)


def _words(node: Object, named: dict[str, Object]) -> str:
    """What a failed task says: the last of its failed tries and inner nodes that says anything, else itself."""
    inner = [item for item in _inner(str(node["name"]), named) if _verdict(item) == FAILED]
    said = [item for item in inner if item.get("message")]
    last = max(said, key=lambda item: (item.get("type") == "Pod", str(item.get("finishedAt"))), default=node)
    unfinished = "" if node.get("phase") in _PHASES else f"did not end ({node.get('phase')})"
    return bounded(last.get("message") or unfinished, MESSAGE_LIMIT)


def _inner(task: str, named: dict[str, Object]) -> Iterator[Object]:
    return (node for name, node in named.items() if name.startswith((f"{task}(", f"{task}.", f"{task}[")))
