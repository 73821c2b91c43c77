"""What Kubernetes' own controllers, a node and Argo do on an API server where nothing else acts: one step at a time.

A run's steps are the product's own code, with the provisioner's identity; only agents, helm and the acceptance are left
out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import ConfigMap, Namespace, Pod, ServiceAccount
from lightkube.types import CascadeType, PatchType

from implementation_dag.base import kube, moments
from implementation_dag.base.errors import StepError
from implementation_dag.contract import labels, names, settings
from implementation_dag.contract.run import Run
from implementation_dag.pull_requests import objects
from implementation_dag.steps import cleanup, provision
from tests.api.previews import NAMESPACE, RELEASE
from tests.api.pull_requests.argo import nodes

from .wire import Dies

Object = dict[str, Any]
OWNER = "acme"
PREFIX = "impl"
STAGES = ("begin", "provision", "deploy", "await", "exit")
OWNED = (kube.DocsRun, Job, ConfigMap, ServiceAccount)


@dataclass
class Cluster:
    """One repository's part of the cluster. `admin` may do all; `provisioner` has that step's rights, and its wire."""

    repo: str
    image: str
    admin: Client
    provisioner: Client
    # Where the run of a Workflow has got to, and whether its pipeline is to fail.
    at: dict[str, str] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    # The runs of the pipeline that ended well, and what each has tested.
    good: dict[str, str] = field(default_factory=dict)
    # Jobs whose pod has to begin (False) or to end; DocsRuns that have not ended; whether the namespace is deleted.
    jobs: dict[str, bool] = field(default_factory=dict)
    docsruns: set[str] = field(default_factory=set)
    leaving: bool = False

    # Reading.

    def all(self, kind: Any) -> list[Object]:
        """Return the objects of this repository, of a kind with namespaces."""
        found = self.admin.list(kind, namespace=NAMESPACE, labels={labels.REPO: self.repo})
        return [kube.as_dict(item) for item in found]

    def workflows(self) -> list[Object]:
        """Return the Workflows of this repository: a person's have no labels."""
        found = [kube.as_dict(item) for item in self.admin.list(kube.Workflow, namespace=NAMESPACE)]
        return [item for item in found if given(item).get("repo") == self.repo]

    def live(self) -> list[Object]:
        """Return the Workflows that have not ended."""
        return [item for item in self.workflows() if phase(item) not in objects.OVER]

    def namespace(self) -> Object | None:
        """Return the preview's namespace."""
        try:
            return kube.as_dict(self.admin.get(Namespace, self.namespace_name))
        except ApiError as error:
            if error.status.code != 404:
                raise
            return None

    @property
    def namespace_name(self) -> str:
        """The namespace of the one pull request."""
        return names.namespace(OWNER, self.repo, "7", "repo", PREFIX)

    # Argo.

    def run(self, item: Object) -> None:
        """Bring a Workflow a step on; another run of the pull request that goes on holds it up, as its mutex does."""
        name, shutdown = item["metadata"]["name"], item["spec"].get("shutdown")
        at = self.at.setdefault(name, STAGES[0])
        if at == STAGES[0]:
            if shutdown:
                self._never_begins(name, shutdown)
                return
            if any(phase(other) == "Running" for other in self.live()):
                return
        elif shutdown and at != STAGES[-1]:
            if shutdown == "Terminate":
                self._ends(item, "Failed")
                return
            self.fails.add(name)
            self.at[name] = at = STAGES[-1]
        getattr(self, f"_{at}")(item)

    def _never_begins(self, name: str, shutdown: str) -> None:
        # Argo up to 4.0 says so of one that is terminated before it begins.
        how = "Succeeded" if shutdown == "Terminate" else "Failed"
        self._status(name, {"phase": how, "finishedAt": moments.stamp(moments.now())})

    def _begin(self, item: Object) -> None:
        name = item["metadata"]["name"]
        ends = item["spec"].get("entrypoint") == objects.END
        self._status(name, {"phase": "Running", "startedAt": moments.stamp(moments.now()), "nodes": {}})
        self.at[name] = STAGES[-1] if ends else "provision"

    def _provision(self, item: Object) -> None:
        good = self._step(item, self._made)
        if good is not None:
            self.at[item["metadata"]["name"]] = "deploy" if good else STAGES[-1]

    def _deploy(self, item: Object) -> None:
        metadata, of = item["metadata"], given(item)
        docsrun: Object = {
            "apiVersion": "taskmaster.io/v1",
            "kind": "DocsRun",
            "metadata": {
                "name": names.docsrun(metadata["name"], "deploy"),
                "namespace": NAMESPACE,
                "labels": labels.of_preview(self.repo, of["pr"], RELEASE) | {labels.WORKFLOW: metadata["name"]},
                "ownerReferences": [owner(item)],
            },
            "spec": {"image": "registry.example.com/mkdocs:1", "command": ["mkdocs"], "serviceAccountName": "mkdocs"},
        }
        self.admin.create(kube.DocsRun.from_dict(docsrun))
        self.docsruns.add(docsrun["metadata"]["name"])
        self.at[metadata["name"]] = "await"

    def _await(self, item: Object) -> None:
        name = item["metadata"]["name"]
        try:
            docsrun = kube.as_dict(self.admin.get(kube.DocsRun, names.docsrun(name, "deploy"), namespace=NAMESPACE))
        except ApiError:
            docsrun = {"status": {"phase": "Failed"}}
        found = (docsrun.get("status") or {}).get("phase")
        if found in ("Succeeded", "Failed"):
            if found == "Failed":
                self.fails.add(name)
            self.at[name] = STAGES[-1]

    def _exit(self, item: Object) -> None:
        """The exit handler, or the one step of a run that takes the preview away."""
        ends, name = item["spec"].get("entrypoint") == objects.END, item["metadata"]["name"]
        good = name not in self.fails
        done = self._step(item, self._kept if good and not ends else self._removed)
        if done is not None:
            self._ends(item, "Succeeded" if good and done else "Failed")

    def _step(self, item: Object, work: Callable[[Run], str]) -> bool | None:
        """Do a step as the provisioner does; False: it failed, None: it was killed, and the next one begins anew."""
        metadata, of = item["metadata"], given(item)
        try:
            work(Run(of["owner"], of["repo"], of["pr"], metadata["name"], metadata["uid"], NAMESPACE, RELEASE))
        except Dies:
            return None
        except StepError:
            self.fails.add(metadata["name"])
            return False
        return True

    def _made(self, this: Run) -> str:
        space = names.namespace(this.owner, this.repo, this.pr, "repo", PREFIX)
        return provision.provision(self.provisioner, this, self._told, "", space, f"{space}.preview.example.com")

    def _kept(self, this: Run) -> str:
        return cleanup.keep(self.provisioner, this, self._told)

    def _removed(self, this: Run) -> str:
        return cleanup.remove(self.provisioner, this, self._told, moments.now())

    @property
    def _told(self) -> settings.OfProvisioner:
        """What the chart tells the provisioner."""
        return settings.OfProvisioner(
            settings.Installation("1.0.0", self.image, cluster_scoped=True),
            settings.Git("https://git.example.com"),
            settings.Namespace("repo", PREFIX),
            {},
            settings.Preview(24, "restricted", 60, (), {}, {}),
        )

    def _ends(self, item: Object, how: str) -> None:
        name = item["metadata"]["name"]
        ends = item["spec"].get("entrypoint") == objects.END
        told = {} if ends else nodes(name, how)
        if how == "Succeeded" and not ends:
            self.good[name] = given(item)["commit"]
        self._status(name, {"phase": how, "finishedAt": moments.stamp(moments.now()), "nodes": told})

    def _status(self, name: str, status: Object) -> None:
        self._patch(kube.Workflow, name, {"status": status})

    def _patch(self, kind: Any, name: str, patch: Object) -> None:
        self.admin.patch(kind, name, patch, namespace=NAMESPACE, patch_type=PatchType.MERGE)

    # Kubernetes.

    def nodes(self, good: bool = True) -> None:
        """Let the pod of each Job begin, and the pods that have begun end."""
        for name, begun in list(self.jobs.items()):
            try:
                if begun:
                    status = {"phase": "Succeeded" if good else "Failed"}
                    self._patch(Pod.Status, f"{name}-x", {"status": status})
                    del self.jobs[name]
                else:
                    self._begins(name)
                    self.jobs[name] = True
            except ApiError as error:
                if error.status.code != 404:
                    raise
                del self.jobs[name]

    def _begins(self, name: str) -> None:
        job = kube.as_dict(self.admin.get(Job, name, namespace=NAMESPACE))
        template = job["spec"]["template"]
        marks = template["metadata"]["labels"] | {"batch.kubernetes.io/job-name": name}
        metadata = {"name": f"{name}-x", "namespace": NAMESPACE, "labels": marks, "ownerReferences": [owner(job)]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
        self.admin.create(from_dict(pod))

    def namespaces(self) -> None:
        """Let a namespace go that is being deleted."""
        found = self.namespace() if self.leaving else None
        if found and found["metadata"].get("deletionTimestamp"):
            found["spec"]["finalizers"] = []
            self.admin._client._client.put(
                f"/api/v1/namespaces/{self.namespace_name}/finalize", json=found
            ).raise_for_status()
        self.leaving = False

    def done(self, method: str, path: str, body: Object) -> None:
        """Note what one of our processes did that others here have to follow up."""
        match method, path.rsplit("/", 3)[1:]:
            case "POST", [*_, "jobs"]:
                self.jobs[body["metadata"]["name"]] = False
            case "POST", [*_, "docsruns"]:
                self.docsruns.add(body["metadata"]["name"])
            case "PATCH", ["docsruns", name, "status"] if body["status"].get("completionTime"):
                self.docsruns.discard(name)
            case "DELETE", [*_, "namespaces", name] if name == self.namespace_name:
                self.leaving = True

    def garbage(self) -> None:
        """Take away what has lost its owner."""
        space = self.namespace()
        there = {item["metadata"]["uid"] for item in self.workflows()} | {space["metadata"]["uid"] if space else ""}
        for kind in (*OWNED, Pod):
            for item in self.all(kind):
                of = [each["uid"] for each in item["metadata"].get("ownerReferences") or ()]
                if of and not there.intersection(of):
                    gone(self.admin, kind, item["metadata"]["name"])
                else:
                    there.add(item["metadata"]["uid"])

    def clear(self) -> None:
        """Take everything of this repository away: the history is over."""
        for kind in (*OWNED, Pod):
            for item in self.all(kind):
                gone(self.admin, kind, item["metadata"]["name"])
        for item in self.workflows():
            gone(self.admin, kube.Workflow, item["metadata"]["name"])
        if self.namespace():
            self.admin.delete(Namespace, self.namespace_name)
            self.leaving = True
            self.namespaces()


def given(workflow: Object) -> dict[str, str]:
    """Return the arguments of a Workflow."""
    return {each["name"]: each["value"] for each in workflow["spec"]["arguments"]["parameters"]}


def phase(workflow: Object) -> str:
    """Return where a Workflow stands."""
    return str((workflow.get("status") or {}).get("phase") or "")


def owner(item: Object) -> Object:
    """Return the reference to an owner."""
    metadata = item["metadata"]
    return {key: item[key] for key in ("apiVersion", "kind")} | {"name": metadata["name"], "uid": metadata["uid"]}


def gone(client: Client, kind: Any, name: str) -> None:
    """Delete an object at once, which another may have done."""
    try:
        client.delete(kind, name, namespace=NAMESPACE, grace_period=0, cascade=CascadeType.BACKGROUND)
    except ApiError as error:
        if error.status.code != 404:
            raise
