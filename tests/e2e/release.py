"""A release of the chart beside the demo's, in a namespace of its own name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from implementation_dag.base import wait
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.environment import RELEASE_NAMESPACE
from scripts.lab.stand.helm import helm
from scripts.lab.stand.release import CHART, GIT_SECRET, RELEASE, S3_SECRET, TRUST
from scripts.lab.stand.repository import OWNER, REPO, PullRequest
from scripts.lab.stand.workflow import ENDED
from scripts.lab.stand.workflow import phase as phase_of

RUN_SECONDS = 600
DOCSRUN_SECONDS = 180
INPUTS = (f"secret/{GIT_SECRET}", f"secret/{S3_SECRET}", f"configmap/{TRUST}")


def nodes(workflow: dict[str, Any]) -> dict[str, str]:
    """Phase and message of each node of a run, by its name."""
    found = workflow.get("status", {}).get("nodes", {}).values()
    return {node["displayName"]: f"{node['phase']} {node.get('message', '')}".strip() for node in found}


def arguments(pull: PullRequest) -> dict[str, str]:
    """A run's arguments for a pull request of the demo."""
    return {"owner": OWNER, "repo": REPO, "pr": str(pull.number)}


def api_server(kubectl: Kubectl) -> list[dict[str, Any]]:
    """Egress rules to this cluster's API server: its own addresses, and its Service's."""
    service = kubectl.get("service", "kubernetes", "--namespace=default") or {}
    slices = kubectl.items("endpointslices", "--namespace=default", "--selector=kubernetes.io/service-name=kubernetes")
    places = [(service["spec"]["clusterIP"], service["spec"]["ports"][0]["port"])]
    places += [(item["addresses"][0], one["ports"][0]["port"]) for one in slices for item in one["endpoints"]]
    return [
        {"to": [{"ipBlock": {"cidr": f"{address}/32"}}], "ports": [{"protocol": "TCP", "port": port}]}
        for address, port in places
    ]


class Release:
    """Install, use and remove it. What it needs of git, S3 and authorities, it takes from the demo's release.

    `values` are what the demo's values come over, `own` is what the test says over both, `flags` are helm's.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        name: str,
        own: Mapping[str, Any],
        values: Sequence[Mapping[str, Any]] = (),
        flags: Sequence[str] = (),
    ) -> None:
        self.kubectl, self.name, self.own, self.values, self.flags = kubectl, name, own, values, flags
        self.place = f"--namespace={name}"
        given = json.loads(helm(kubectl, "get", "values", RELEASE, f"-n={RELEASE_NAMESPACE}", "--output=json"))
        # Of several releases that watch one repository each would start a run of its own.
        self.base = given | {"forge": {"enabled": False}}

    def copy_inputs(self) -> None:
        """Make the release's namespace with the Secrets and the trust that the demo's release has."""
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}]
        for item in INPUTS:
            found = self.kubectl.get(item, f"--namespace={RELEASE_NAMESPACE}")
            assert found, f"{RELEASE_NAMESPACE}/{item} is gone"
            items.append(found | {"metadata": {"name": found["metadata"]["name"], "namespace": self.name}})
        self.kubectl.apply(items)

    def install(self, **changed: Any) -> None:
        """Install or upgrade: the value files, then where the demo's services are, then its own, then `changed`."""
        self._helm(("upgrade", "--install", "--wait", "--timeout=180s"), changed)

    def template(self, *flags: str, **changed: Any) -> str:
        """Render with the same values; returns the manifests."""
        return self._helm(("template", *flags), changed)

    def _helm(self, command: Sequence[str], changed: Mapping[str, Any]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            files: list[Path] = []
            for number, values in enumerate((*self.values, self.base, self.own, changed)):
                files.append(Path(folder) / f"{number}.json")
                files[-1].write_text(json.dumps(values))
            given = [f"--values={file}" for file in files]
            return helm(self.kubectl, *command, self.name, str(CHART), self.place, *self.flags, *given)

    def uninstall(self) -> None:
        """Uninstall the release if it is there."""
        helm(self.kubectl, "uninstall", self.name, self.place, "--ignore-not-found", "--wait")

    def remove(self) -> None:
        """Remove the release with its previews and its namespace, as far as they are there."""
        selector = f"--selector=implementation-dag.dev/release={self.name}"
        self.kubectl.run("delete", "namespaces", selector, "--timeout=180s")
        self.uninstall()
        self.kubectl.run("delete", "namespace", self.name, "--ignore-not-found", "--timeout=180s")

    def submit(self, arguments: dict[str, str], **spec: Any) -> str:
        """Submit a run; returns the Workflow's name."""
        parameters = [{"name": key, "value": value} for key, value in arguments.items()]
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"generateName": f"{self.name}-", "namespace": self.name},
            "spec": {"workflowTemplateRef": {"name": self.name}, "arguments": {"parameters": parameters}} | spec,
        }
        return self.kubectl.create(manifest)

    def workflow(self, run: str) -> dict[str, Any]:
        """The Workflow of a run."""
        found = self.kubectl.get("workflows.argoproj.io", run, self.place)
        assert found, f"workflow {self.name}/{run} is gone"
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for the end of a run; returns its Workflow."""
        for _ in wait.rounds(RUN_SECONDS, 2):
            if phase_of(found := self.workflow(run)) in ENDED:
                return found
        raise AssertionError(f"{run} did not end within {RUN_SECONDS} s: {nodes(found)}")

    def docsrun(self, docsrun: str, script: str) -> None:
        """Create a DocsRun that runs Python's `script`, as the deployer of a preview that need not be there."""
        image, target = self.base["image"], "impl-pr-797"
        deployer = {"name": f"{self.name}-deployer.{target}", "namespace": self.name}
        spec = {
            "image": f"{image['repository']}@{image['digest']}",
            "command": ["python3", "-c", script],
            "serviceAccountName": deployer["name"],
            "targetNamespace": target,
        }
        metadata = {"name": docsrun, "namespace": self.name}
        self.kubectl.apply(
            [
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": deployer},
                {"apiVersion": "taskmaster.io/v1", "kind": "DocsRun", "metadata": metadata, "spec": spec},
            ]
        )

    def phase(self, docsrun: str) -> str:
        """Phase of a DocsRun, empty before it has one."""
        found = self.kubectl.get("docsrun", docsrun, self.place) or {}
        return str(found.get("status", {}).get("phase", ""))

    def final(self, docsrun: str) -> str:
        """Wait for the end of a DocsRun; returns its phase."""
        for _ in wait.rounds(DOCSRUN_SECONDS):
            if (phase := self.phase(docsrun)) in ("Succeeded", "Failed"):
                return phase
        raise AssertionError(f"DocsRun {docsrun} is {phase or 'untouched'} after {DOCSRUN_SECONDS} s")

    def scale(self, replicas: int) -> None:
        """Run so many replicas of the DocsRun controller, and wait until it is so."""
        controller = f"deployment/{self.name}-controller"
        self.kubectl.run("scale", controller, f"--replicas={replicas}", self.place)
        self.kubectl.run("rollout", "status", controller, self.place, "--timeout=120s")
        if not replicas:
            selector = "--selector=app.kubernetes.io/component=controller"
            self.kubectl.run("wait", "pods", selector, "--for=delete", self.place, "--timeout=120s")
