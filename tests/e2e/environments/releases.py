"""Two releases of the chart beside the demo's, with what the dev and staging overlays say."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from implementation_dag import naming
from scripts.demo.environment import RELEASE_NAMESPACE
from scripts.demo.helm import helm
from scripts.demo.kubectl import Kubectl
from scripts.demo.release import CHART, GIT_SECRET, RELEASE, S3_SECRET, TRUST
from scripts.demo.repository import OWNER, REPO
from scripts.demo.workflow import ENDED
from scripts.demo.workflow import phase as phase_of
from scripts.overlays.build import ROOT

NAMES = ("dev", "staging")
RUN_SECONDS = 600
DOCSRUN_SECONDS = 180
INPUTS = (f"secret/{GIT_SECRET}", f"secret/{S3_SECRET}", f"configmap/{TRUST}")
# The cluster has no External Secrets operator; null takes away what the overlay says.
NO_OPERATOR = {"externalSecrets": {"secrets": None}}


def full_name(name: str) -> str:
    """Release and namespace of an environment: not the overlay's own, which Argo CD may be using beside us."""
    return f"coexist-{name}"


def place(name: str) -> str:
    """kubectl's option for the namespace of an environment."""
    return f"--namespace={full_name(name)}"


def preview(name: str, pr: int) -> str:
    """Namespace of an environment's preview of a pull request of the demo."""
    return naming.namespace(OWNER, REPO, str(pr), "repo", f"impl-{full_name(name)}")


def nodes(workflow: dict[str, Any]) -> dict[str, str]:
    """Phase and message of each node of a run, by its name."""
    found = workflow.get("status", {}).get("nodes", {}).values()
    return {node["displayName"]: f"{node['phase']} {node.get('message', '')}".strip() for node in found}


class Releases:
    """Install, use and remove them. What they need of git, S3 and authorities, they take from the demo's release."""

    def __init__(self, kubectl: Kubectl, domain: str) -> None:
        self.kubectl, self.domain = kubectl, domain
        self.base = json.loads(helm(kubectl, "get", "values", RELEASE, f"-n={RELEASE_NAMESPACE}", "--output=json"))

    def namespace(self, name: str, pr: int) -> dict[str, Any]:
        """The Namespace of an environment's preview of a pull request of the demo."""
        wanted = preview(name, pr)
        found = self.kubectl.get("namespace", wanted)
        assert found, f"namespace {wanted} is not there"
        return found

    def copy_inputs(self, name: str) -> None:
        """Make the environment's namespace with the Secrets and the trust that the demo's release has."""
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": full_name(name)}}]
        for item in INPUTS:
            found = self.kubectl.get(item, f"--namespace={RELEASE_NAMESPACE}")
            assert found, f"{RELEASE_NAMESPACE}/{item} is gone"
            items.append(found | {"metadata": {"name": found["metadata"]["name"], "namespace": full_name(name)}})
        self.kubectl.apply(items)

    def install(self, name: str, **changed: Any) -> None:
        """Install or upgrade: the overlay's values, then where the demo's services are, then `changed`."""
        own = {"namespace": {"prefix": f"impl-{full_name(name)}"}, "defaults": {"domain": f"{name}.{self.domain}"}}
        with tempfile.TemporaryDirectory() as folder:
            files = [ROOT / "kustomize" / "overlays" / name / "values.yaml"]
            for number, values in enumerate((self.base, NO_OPERATOR, own, changed)):
                files.append(Path(folder) / f"{number}.json")
                files[-1].write_text(json.dumps(values))
            helm(
                self.kubectl, "upgrade", "--install", full_name(name), str(CHART), place(name), "--wait",
                "--timeout=180s", *(f"--values={file}" for file in files),
            )  # fmt: skip

    def remove(self, name: str) -> None:
        """Remove the release with its previews and its namespace, as far as they are there."""
        selector = f"--selector=implementation-dag.dev/release={full_name(name)}"
        self.kubectl.run("delete", "namespaces", selector, "--timeout=180s")
        helm(self.kubectl, "uninstall", full_name(name), place(name), "--ignore-not-found", "--wait")
        self.kubectl.run("delete", "namespace", full_name(name), "--ignore-not-found", "--timeout=180s")

    def submit(self, name: str, arguments: dict[str, str], **spec: Any) -> str:
        """Submit a run; returns the Workflow's name."""
        parameters = [{"name": key, "value": value} for key, value in arguments.items()]
        manifest = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"generateName": "coexist-", "namespace": full_name(name)},
            "spec": {"workflowTemplateRef": {"name": full_name(name)}, "arguments": {"parameters": parameters}} | spec,
        }
        return self.kubectl.create(manifest)

    def workflow(self, name: str, run: str) -> dict[str, Any]:
        """The Workflow of a run."""
        found = self.kubectl.get("workflows.argoproj.io", run, place(name))
        assert found, f"workflow {full_name(name)}/{run} is gone"
        return found

    def ended(self, name: str, run: str) -> dict[str, Any]:
        """Wait for the end of a run; returns its Workflow."""
        deadline = time.monotonic() + RUN_SECONDS
        while phase_of(found := self.workflow(name, run)) not in ENDED:
            assert time.monotonic() < deadline, f"{run} did not end within {RUN_SECONDS} s: {nodes(found)}"
            time.sleep(2)
        return found

    def docsrun(self, name: str, docsrun: str, script: str) -> None:
        """Create a DocsRun that runs Python's `script`."""
        image = self.base["image"]
        spec = {
            "image": f"{image['repository']}@{image['digest']}",
            "command": ["python3", "-c", script],
            "serviceAccountName": "default",
        }
        metadata = {"name": docsrun, "namespace": full_name(name)}
        self.kubectl.apply([{"apiVersion": "taskmaster.io/v1", "kind": "DocsRun", "metadata": metadata, "spec": spec}])

    def phase(self, name: str, docsrun: str) -> str:
        """Phase of a DocsRun, empty before it has one."""
        found = self.kubectl.get("docsrun", docsrun, place(name)) or {}
        return str(found.get("status", {}).get("phase", ""))

    def final(self, name: str, docsrun: str) -> str:
        """Wait for the end of a DocsRun; returns its phase."""
        deadline = time.monotonic() + DOCSRUN_SECONDS
        while (phase := self.phase(name, docsrun)) not in ("Succeeded", "Failed"):
            assert time.monotonic() < deadline, f"DocsRun {docsrun} is {phase or 'untouched'} after {DOCSRUN_SECONDS} s"
            time.sleep(1)
        return phase

    def scale(self, name: str, replicas: int) -> None:
        """Run so many replicas of the DocsRun controller, and wait until it is so."""
        controller = f"deployment/{full_name(name)}-controller"
        self.kubectl.run("scale", controller, f"--replicas={replicas}", place(name))
        self.kubectl.run("rollout", "status", controller, place(name), "--timeout=120s")
        if not replicas:
            selector = "--selector=app.kubernetes.io/component=controller"
            self.kubectl.run("wait", "pods", selector, "--for=delete", place(name), "--timeout=120s")
