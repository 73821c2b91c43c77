"""What the release's controller is on an API server where nothing else acts: its process, its identity, its objects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from lightkube import ApiError, Client, KubeConfig
from lightkube.codecs import from_dict
from lightkube.core.resource import NamespacedResource
from lightkube.resources.batch_v1 import Job
from lightkube.types import PatchType

from idag.render.manifests import Object
from implementation_dag.agents.pod import AgentRun
from implementation_dag.base import kube, metrics, wait
from implementation_dag.docsrun import job as jobs
from scripts.lab import ports
from scripts.lab.kubectl import Kubectl

from .previews import NAMESPACE, RELEASE

SECONDS = 30.0
START = "import sys; from implementation_dag import controller; controller.run_controller(sys.argv[1])"
RUNTIME = Path(__file__).parents[2] / "runtime"


def identity(kubectl: Kubectl, account: str, folder: Path) -> Path:
    """A kubeconfig of the release's service account: the chart's RBAC is asked, not only admission."""
    token = kubectl.run("create", "token", f"{RELEASE}-{account}", f"--namespace={NAMESPACE}").strip()
    assert kubectl.kubeconfig
    config = json.loads(kubectl.kubeconfig.read_text())
    config["users"] = [{"name": "admin", "user": {"token": token}}]
    config["contexts"][0]["context"]["namespace"] = NAMESPACE
    path = folder / f"kubeconfig-{account}"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config))
    return path


def client(kubeconfig: Path) -> Client:
    """A client as the runtime's own."""
    return Client(KubeConfig.from_file(kubeconfig).get(), field_manager=kube.FIELD_MANAGER)


def serves(client: Client, *kinds: type[NamespacedResource]) -> bool:
    """Whether the API server has got the kinds ready, which takes it longer than it says."""
    try:
        for kind in kinds:
            list(client.list(kind, namespace=NAMESPACE))
    except ApiError:
        return False
    return True


def environment(objects: list[Object], kind: str = "Deployment", name: str = f"{RELEASE}-controller") -> dict[str, str]:
    """What the chart tells a pod of the release."""
    (spec,) = [item["spec"] for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    (container,) = (spec["template"]["spec"] if kind == "Deployment" else spec)["containers"]
    # Several run on one machine here, and nobody scrapes them.
    kept = [item for item in container["env"] if item["name"] != metrics.PORT]
    return {item["name"]: item.get("value", NAMESPACE) for item in kept}


@dataclass(frozen=True)
class Controller:
    """A controller that runs."""

    process: subprocess.Popen[bytes]
    address: str

    def health(self) -> httpx2.Response | None:
        """What its health endpoint answers; None: nothing."""
        try:
            return httpx2.get(self.address, trust_env=False)
        except httpx2.TransportError:
            return None


@contextmanager
def controller(kubeconfig: Path, told: dict[str, str], log: Path) -> Iterator[Controller]:
    """Run the controller as `kubeconfig` says, until it is killed without warning."""
    address = f"http://127.0.0.1:{ports.free()}/healthz"
    env = {"PATH": os.environ["PATH"], "KUBECONFIG": str(kubeconfig), "PYTHONPATH": str(RUNTIME)} | told
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-c", START, address], env=env, stdout=output, stderr=output)
    try:
        yield Controller(process, address)
    finally:
        process.kill()
        process.wait(timeout=30)


@dataclass(frozen=True)
class World:
    """The release's namespace, as an administrator sees it, who also does what a cluster's own controllers would."""

    client: Client

    def serves(self) -> bool:
        """Whether the API server has got the custom resources ready."""
        return serves(self.client, kube.DocsRun, AgentRun)

    def docsrun(self, name: str, **spec: Any) -> Object:
        """Make a DocsRun that the policies let in."""
        given = {"image": "registry.example.com/mkdocs:1", "command": ["mkdocs"], "serviceAccountName": "mkdocs"}
        return self._made(kube.DocsRun, "taskmaster.io/v1", "DocsRun", name, given | spec)

    def agentrun(self, name: str) -> Object:
        """Make an AgentRun."""
        spec = {
            "image": "example.com/agents:1",
            "command": ["rex"],
            "resources": {"requests": {"cpu": "1"}},
            "timeoutSeconds": 60,
            "workspaceSize": "1Gi",
            "key": "a" * 64,
        }
        return self._made(AgentRun, "implementation-dag.dev/v1alpha1", "AgentRun", name, spec)

    def _made(self, resource: Any, version: str, kind: str, name: str, spec: Object) -> Object:
        metadata = {"name": name, "namespace": NAMESPACE}
        item = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        return kube.as_dict(self.client.create(resource.from_dict(item)))

    def found(self, resource: type[NamespacedResource], name: str) -> Object | None:
        """The object; None: it is not there."""
        try:
            return kube.as_dict(self.client.get(resource, name, namespace=NAMESPACE))
        except ApiError as error:
            if error.status.code != 404:
                raise
            return None

    def status(self, resource: type[NamespacedResource], name: str) -> Object:
        """Its status, empty when nobody has looked yet, or it is gone."""
        status: Object = (self.found(resource, name) or {}).get("status") or {}
        return status

    def begins(self, name: str) -> None:
        """Make the pod of a Job, as Kubernetes would."""
        job = self.found(Job, name)
        assert job
        template = job["spec"]["template"]
        metadata = {
            "name": f"{name}-x",
            "namespace": NAMESPACE,
            "labels": template["metadata"]["labels"] | {"batch.kubernetes.io/job-name": name},
        }
        self.client.create(
            from_dict({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
        )

    def stands(self, resource: Any, name: str, **status: Any) -> None:
        """Say how an object stands, as a node would of a pod."""
        self._patch(resource.Status, name, {"status": status})

    def touch(self, resource: type[NamespacedResource], name: str) -> None:
        """Change the object in no way that matters."""
        self._patch(resource, name, {"metadata": {"annotations": {"example.com/meanwhile": "1"}}})

    def _patch(self, resource: Any, name: str, patch: Object) -> None:
        self.client.patch(resource, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE)

    def jobs_of(self, docsrun: Object) -> list[str]:
        """The uids of the Jobs that the DocsRun owns."""
        labels, uid = {jobs.NAME_LABEL: docsrun["metadata"]["name"]}, docsrun["metadata"]["uid"]
        return [
            str(item.metadata.uid)
            for item in self.client.list(Job, namespace=NAMESPACE, labels=labels)
            if item.metadata and any(owner.uid == uid for owner in item.metadata.ownerReferences or [])
        ]

    def becomes(self, resource: type[NamespacedResource], name: str, phase: str) -> Object:
        """Wait until the object is in the phase; its status."""
        for _ in wait.rounds(SECONDS, 0.1):
            if (status := self.status(resource, name)).get("phase") == phase:
                return status
        raise AssertionError(f"{name} is not {phase} after {SECONDS:.0f} s: {status}")
