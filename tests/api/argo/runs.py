"""Argo's controller as a process, and runs of the pipeline as `argo submit` makes them; pods are played."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Namespace, Pod
from lightkube.types import PatchType

from idag.toolchain import tool
from implementation_dag.base import kube, moments, wait
from implementation_dag.contract import labels
from implementation_dag.pull_requests import objects
from tests.api.previews import NAMESPACE, RELEASE

Object = dict[str, Any]
SECONDS = 60.0
OF_RUN = "workflows.argoproj.io/workflow"
Template = create_namespaced_resource("argoproj.io", "v1alpha1", "WorkflowTemplate", "workflowtemplates")
TaskResult = create_namespaced_resource("argoproj.io", "v1alpha1", "WorkflowTaskResult", "workflowtaskresults")
# What pods leave: all that any stage is asked for. Nothing is exposed, so acceptance is left out.
LEFT = {"commit": "1" * 40, "exposed": "false", "urls": "[]"}


@dataclass
class Controller:
    """The workflow-controller; what it says goes to `log`."""

    kubeconfig: Path
    log: Path
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; whoever was there before must be gone."""
        command = [
            str(tool("workflow-controller")),
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={NAMESPACE}",
            "--namespaced",
            f"--managed-namespace={NAMESPACE}",
            "--executor-image=example.com/argoexec:1",
        ]
        env = os.environ | {"LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": "1s"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=env)

    def kill(self) -> None:
        """End it without a word."""
        if self._process:
            self._process.kill()
            self._process.wait()


@dataclass
class Runs:
    """Workflows by the names that they were given."""

    client: Client
    # Pods whose end was played.
    ended: set[str] = field(default_factory=set)

    def submit(self, **arguments: str) -> str:
        """Submit a run of the pipeline; return its name."""
        return self.submitted({}, arguments)

    def submitted(self, spec: Object, arguments: Mapping[str, str], *, template: str = RELEASE, name: str = "") -> str:
        """Submit a run of the pipeline, or of no `template`, with more of its `spec`; return its name."""
        given = {"owner": "acme", "repo": "shop", "pr": "7"} | dict(arguments)
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": ({"name": name} if name else {"generateName": "by-hand-"}) | {"namespace": NAMESPACE},
            "spec": {
                "arguments": {"parameters": [{"name": name, "value": value} for name, value in given.items()]},
            }
            | ({"workflowTemplateRef": {"name": template}} if template else {})
            | spec,
        }
        return str(kube.as_dict(self.client.create(kube.Workflow.from_dict(manifest)))["metadata"]["name"])

    def item(self, name: str) -> Object:
        """Return a run as it is now."""
        return kube.as_dict(self.client.get(kube.Workflow, name, namespace=NAMESPACE))

    def status(self, name: str) -> Object:
        """Return what Argo says of a run."""
        return self.item(name).get("status") or {}

    def until(self, name: str, *phases: str) -> Object:
        """Wait until a run is in one of those phases; return its status."""

        def right() -> Object | None:
            found = self.status(name)
            return found if found.get("phase") in phases else None

        found = wait.until(right, SECONDS, 0.3)
        assert found, f"{name} is not {phases}: {self.status(name).get('phase')} {self.status(name).get('message')}"
        return found

    def shut(self, name: str, how: str) -> None:
        """Stop or Terminate a run, as `argo stop` and `argo terminate` do."""
        self._patch(kube.Workflow, name, {"spec": {"shutdown": how}})

    def delete(self, name: str) -> None:
        """Delete a run."""
        self.client.delete(kube.Workflow, name, namespace=NAMESPACE)

    # The kubelet, and what pods leave.

    def play(self, name: str, failing: str = "") -> dict[str, str]:
        """Let each pod end until the run has ended; return the phases of its exit handler's steps.

        Pods of template `failing` fail.
        """
        for _ in wait.rounds(3 * SECONDS, 0.3):
            self.others()
            for pod in map(kube.as_dict, self.client.list(Pod, namespace=NAMESPACE, labels={OF_RUN: name})):
                metadata = pod["metadata"]
                template = str(metadata["name"]).removeprefix(f"{name}-").rpartition("-")[0]
                if metadata["name"] not in self.ended and not metadata.get("deletionTimestamp"):
                    self.ended.add(metadata["name"])
                    self._end(name, pod, template == failing)
            if self.status(name).get("phase") in objects.OVER:
                return self.exit(name)
        raise AssertionError(f"{name} does not end: {self.exit(name)}")

    def exit(self, name: str) -> dict[str, str]:
        """Return the phases of the exit handler's steps."""
        of, nodes = f"{name}.onExit", (self.status(name).get("nodes") or {}).values()
        steps = {str(node["name"]): str(node["phase"]) for node in nodes if str(node["name"]).startswith(f"{of}[")}
        return {key.rpartition(".")[2]: phase for key, phase in steps.items() if key.count(".") > 1 and "(" not in key}

    def others(self) -> None:
        """Do what is the part of others: of the controller of DocsRuns, and of who deletes namespaces."""
        for item in map(kube.as_dict, self.client.list(kube.DocsRun, namespace=NAMESPACE)):
            if not item.get("status"):
                status = {"phase": "Succeeded", "reason": "x", "message": "x", "completionTime": _now()}
                self._patch(kube.DocsRun.Status, item["metadata"]["name"], {"status": status})
        for space in map(kube.as_dict, self.client.list(Namespace, labels={labels.PREVIEW: "true"})):
            if space["metadata"].get("deletionTimestamp"):
                space["spec"]["finalizers"] = []
                path = f"/api/v1/namespaces/{space['metadata']['name']}/finalize"
                self.client._client._client.put(path, json=space)

    def clear(self) -> None:
        """Take all runs and previews away."""
        self.client.deletecollection(kube.Workflow, namespace=NAMESPACE)
        self.client.deletecollection(kube.DocsRun, namespace=NAMESPACE)
        for space in map(kube.as_dict, self.client.list(Namespace, labels={labels.PREVIEW: "true"})):
            self.client.delete(Namespace, space["metadata"]["name"])
        self.others()

    def _end(self, name: str, pod: Object, fails: bool) -> None:
        metadata, labels = pod["metadata"], {OF_RUN: name, "workflows.argoproj.io/report-outputs-completed": "true"}
        result = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "WorkflowTaskResult",
            "metadata": {
                "name": metadata["annotations"]["workflows.argoproj.io/node-id"],
                "namespace": NAMESPACE,
                "labels": labels,
            },
            "outputs": {"parameters": [{"name": key, "value": value} for key, value in LEFT.items()]},
        }
        self.client.create(TaskResult.from_dict(result))
        state = {"terminated": {"exitCode": int(fails), "reason": "Error" if fails else "Completed"}}
        shown = {"image": "i", "imageID": "i", "ready": False, "restartCount": 0, "state": state}
        containers = [{"name": each["name"]} | shown for each in pod["spec"]["containers"]]
        status = {"phase": "Failed" if fails else "Succeeded", "containerStatuses": containers}
        # One that is taken away meanwhile needs no end.
        try:
            self._patch(Pod.Status, metadata["name"], {"status": status})
        except ApiError as error:
            if error.status.code != 404:
                raise

    def _patch(self, kind: Any, name: str, patch: Object) -> None:
        self.client.patch(kind, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE)


def _now() -> str:
    return moments.stamp(moments.now())
