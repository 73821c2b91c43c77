"""Exit handler: a failed run's preview goes at once, a good one gets its time to live. Nothing is hidden."""

from __future__ import annotations

from datetime import datetime

from lightkube import ApiError, Client
from lightkube.resources.core_v1 import Namespace

from implementation_dag.base import kube, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.contract import labels, names, run, settings
from implementation_dag.docsrun import client as docsrun_client
from implementation_dag.docsrun import removal

from . import provision

# The step has this long for the uninstall, besides what the deletion may take (the chart adds both to its deadline).
UNINSTALL_SECONDS = 300


def keep(client: Client, this: run.Run, told: settings.OfProvisioner) -> str:
    """Give the preview its time to live, counted from now; say until when. Raises StepError."""
    name = names.namespace(this.owner, this.repo, this.pr, told.namespace.scope, told.namespace.prefix)
    found = provision.existing(client, name, told.installation.cluster_scoped)
    if found is None or (reason := not_ours(found, this)):
        return f"namespace {name} {reason if found else 'is gone'}: nothing to keep"
    annotations = provision.expiry(told.preview.ttl_hours)
    # Without this mark a run whose Workflow is gone never came to its end: the reaper takes what it left.
    kept = {labels.KEPT: this.labels[labels.WORKFLOW]}
    patch = {"metadata": {"annotations": annotations | kept}}
    kube.persistently(f"annotate namespace {name}", lambda: client.patch(Namespace, name, patch))
    return f"preview {name} stays until {next(iter(annotations.values()))}"


def remove(client: Client, this: run.Run, told: settings.OfProvisioner, since: datetime) -> str:
    """Uninstall the release, delete the preview and wait until it is gone; say so. Raises StepError.

    `since` is when the run asked for it: an uninstall from before is an earlier try's.
    """
    name = names.namespace(this.owner, this.repo, this.pr, told.namespace.scope, told.namespace.prefix)
    found = provision.existing(client, name, told.installation.cluster_scoped)
    if found is None:
        return f"no preview {name}: nothing to remove"
    if reason := not_ours(found, this):
        return f"namespace {name} {reason}: left alone"
    try:
        uninstall(client, this, name, told.installation.image, since)
    finally:
        # Whatever became of the uninstall: with the namespace all that the release made goes.
        if told.installation.cluster_scoped:
            delete(client, name, told.preview.deletion_timeout_seconds)
    if told.installation.cluster_scoped:
        return f"preview {name} is gone"
    return f"namespace {name} stays: whoever made it beforehand removes it"


def not_ours(found: Namespace, this: run.Run) -> str:
    """Return in words why this run may not remove the namespace, or nothing.

    A newer run of the same pull request takes the preview over: then an older run's failure is not the preview's.
    What an earlier run of the same Preview left is this one's to remove.
    """
    if not provision.owned_by(found, this):
        return f"is not the preview of {this.pull_request}"
    holder = ((found.metadata and found.metadata.labels) or {}).get(labels.WORKFLOW)
    own = this.labels[labels.WORKFLOW]
    if holder != own and not names.supersedes(own, str(holder)):
        return f"belongs to the newer run {holder} of {this.pull_request}"
    return ""


def uninstall(client: Client, this: run.Run, namespace: str, image: str, since: datetime) -> None:
    """Run helm uninstall. Raises StepError where it fails, or nothing is known of it."""
    deployer = names.deployer(this.installation, namespace)
    spec = removal.spec(image, deployer, namespace, names.release(this.repo, this.pr))
    manifest = docsrun_client.manifest(names.docsrun(this.workflow, "uninstall"), this, spec)
    status = docsrun_client.complete(client, manifest, UNINSTALL_SECONDS, since)
    if status["phase"] != "Succeeded":
        raise StepError(f"helm uninstall: {status.get('reason')}: {status.get('message')}")


def delete(client: Client, name: str, limit: float) -> None:
    """Delete the namespace and wait until it is gone, `limit` seconds at most. Raises StepError."""

    def call() -> None:
        try:
            client.delete(Namespace, name)
        except ApiError as error:
            if error.status.code != 404:
                raise

    kube.persistently(f"delete namespace {name}", call)
    for _ in wait.rounds(limit):
        if not (found := provision.existing(client, name, cluster_scoped=True)):
            say(f"preview {name} is gone")
            return
    conditions = [c.message for c in (found and found.status and found.status.conditions) or [] if c.status == "True"]
    raise StepError(f"namespace {name} is still there after {limit:.0f} s: {'; '.join(map(str, conditions))}")
