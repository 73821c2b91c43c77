"""Argo's controller as a process, and runs of the pipeline as `argo submit` makes them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idag.toolchain import tool
from implementation_dag.base import wait
from scripts.lab.kubectl import Kubectl
from tests.api.previews import NAMESPACE, RELEASE

Object = dict[str, Any]
KIND = "workflows.argoproj.io"
SECONDS = 30.0


@dataclass
class Controller:
    """The workflow-controller; what it says goes to `log`."""

    kubectl: Kubectl
    log: Path
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; whoever was there before must be gone."""
        command = [
            str(tool("workflow-controller")),
            f"--kubeconfig={self.kubectl.kubeconfig}",
            f"--namespace={NAMESPACE}",
            "--namespaced",
            f"--managed-namespace={NAMESPACE}",
            "--executor-image=example.com/argoexec:1",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"LEADER_ELECTION_DISABLE": "true"}
            )

    def kill(self) -> None:
        """End it without a word."""
        if self._process:
            self._process.kill()
            self._process.wait()


@dataclass
class Runs:
    """Workflows by the names that they were given."""

    kubectl: Kubectl

    def submit(self, **arguments: str) -> str:
        """Submit a run of the pipeline; return its name."""
        given = {"owner": "acme", "repo": "shop", "pr": "7"} | arguments
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"generateName": "by-hand-", "namespace": NAMESPACE},
            "spec": {
                "workflowTemplateRef": {"name": RELEASE},
                "arguments": {"parameters": [{"name": name, "value": value} for name, value in given.items()]},
            },
        }
        return self.kubectl.create(manifest)

    def item(self, name: str) -> Object:
        """Return a run as it is now, empty when it is gone."""
        return self.kubectl.get(KIND, name, f"--namespace={NAMESPACE}") or {}

    def status(self, name: str) -> Object:
        """Return what Argo says of a run."""
        return self.item(name).get("status") or {}

    def until(self, name: str, phase: str) -> Object:
        """Wait until a run is in that phase; return its status."""

        def right() -> Object | None:
            found = self.status(name)
            return found if found.get("phase") == phase else None

        found = wait.until(right, SECONDS, 0.3)
        assert found, f"{name} is not {phase}: {self.status(name).get('phase')} {self.status(name).get('message')}"
        return found

    def shut(self, name: str, how: str) -> None:
        """Stop or Terminate a run, as `argo stop` and `argo terminate` do."""
        patch = json.dumps({"spec": {"shutdown": how}})
        self.kubectl.run("patch", KIND, name, f"--namespace={NAMESPACE}", "--type=merge", f"--patch={patch}")

    def delete(self, name: str) -> None:
        """Delete a run."""
        self.kubectl.run("delete", KIND, name, f"--namespace={NAMESPACE}")
