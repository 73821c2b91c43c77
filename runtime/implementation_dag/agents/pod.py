"""The pod of an AgentRun: a pull request's code runs in it, so there is nothing in it but the work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lightkube.generic_resource import create_namespaced_resource

from implementation_dag.base import proxy, restricted
from implementation_dag.contract import labels
from implementation_dag.docsrun.settings import Settings

from . import box

AgentRun = create_namespaced_resource(labels.GROUP, "v1alpha1", "AgentRun", "agentruns")
# After the agent's own limit there must be time to start, and to take home what it left.
MARGIN_SECONDS = 900
# Output goes to a file: a pipe would stay open for as long as anything that the agent left behind runs. It is appended
# to, or what a test of the pull request writes there by itself would be written over, and nobody would see it.
WRAPPER = 'timeout -k 10 "$AGENT_TIMEOUT_SECONDS" "$@" >>/work/log 2>&1'

Object = dict[str, Any]


def build(agentrun: Object, settings: Settings) -> Object:
    """Return the pod; its name is the AgentRun's, so that there can be only one."""
    metadata, spec, pods = agentrun["metadata"], agentrun["spec"], settings.box_pods
    own_labels = {
        labels.MANAGED_BY: labels.MANAGER,
        "app.kubernetes.io/name": labels.MANAGER,
        "app.kubernetes.io/component": "box",
        labels.BOXED: settings.release,
    }
    work = {"name": "work", "mountPath": "/work"}
    # Of the two containers that take the source in and hand the result out.
    own = {
        "image": settings.image,
        "imagePullPolicy": settings.pull_policy,
        "env": [{"name": "BOX_KEY_SHA256", "value": spec["key"]}],
        "resources": settings.sidecar_resources,
        "securityContext": restricted.container(),
        "volumeMounts": [work],
    }
    port = {"ports": [{"name": "handover", "containerPort": box.PORT, "protocol": "TCP"}]}
    agent = {
        "name": "agent",
        "image": spec["image"],
        "imagePullPolicy": settings.pull_policy,
        "workingDir": "/work/src",
        "command": [
            "sh",
            "-c",
            _literal(WRAPPER),
            *map(_literal, spec["command"][:1]),
            *map(_literal, spec["command"]),
        ],
        "env": [
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 -- an emptyDir
            {"name": "AGENT_TIMEOUT_SECONDS", "value": str(spec["timeoutSeconds"])},
            *({"name": name, "value": value} for name, value in _proxy(settings.proxy)),
            *({"name": item["name"], "value": _literal(item["value"])} for item in spec.get("env", [])),
        ],
        "resources": spec["resources"],
        "securityContext": restricted.container(),
        "volumeMounts": [work, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 -- an emptyDir
    }
    python = ["python3", "-m", "implementation_dag"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            # What is ours wins, whatever was given.
            "labels": pods.labels | labels.inherited(metadata.get("labels", {})) | own_labels,
            "annotations": pods.annotations,
            "ownerReferences": [
                {
                    "apiVersion": f"{labels.GROUP}/v1alpha1",
                    "kind": "AgentRun",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": pods.placement
        | {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": spec["timeoutSeconds"] + MARGIN_SECONDS,
            "terminationGracePeriodSeconds": 1,
            # An account without any right; it carries pull secrets.
            "serviceAccountName": f"{settings.release}-box",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": restricted.pod(settings.ids),
            "initContainers": [{"name": "receive", "command": [*python, "receive"]} | own | port],
            "containers": [agent, {"name": "hand-over", "command": [*python, "hand-over"]} | own | port],
            "volumes": [
                {"name": "work", "emptyDir": {"sizeLimit": spec["workspaceSize"]}},
                {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
            ],
        },
    }


def _proxy(given: str) -> Iterator[tuple[str, str]]:
    """Yield the proxy's variables, where values give it to boxes: what an agent runs may read either case."""
    if given and json.loads(given)["agents"]:
        for name, value in proxy.variables(given).items():
            yield from ((name, value), (name.upper(), value))


def _literal(text: str) -> str:
    """Return `text` so that the kubelet, which expands $(NAME) in commands and variables, leaves it as it is."""
    return text.replace("$", "$$")
