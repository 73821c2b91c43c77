"""Step provision: the preview's namespace, its fences and the one identity that may deploy into it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from lightkube import ApiError, Client
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources.core_v1 import Namespace, Secret, ServiceAccount

from implementation_dag.base import kube, moments, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.contract import labels, names, run, settings
from implementation_dag.preview import preview_objects


def expiry(hours: float, now: datetime | None = None) -> dict[str, str]:
    """Return the annotations that make the preview expire `hours` from now (UTC, RFC 3339)."""
    moment = (now or moments.now()) + timedelta(hours=hours)
    return dict.fromkeys(labels.EXPIRES, moments.stamp(moment))


def owned_by(namespace: Namespace, this: run.Run) -> bool:
    """Say whether the namespace carries our labels for this very release, owner, repo and pull request.

    Names of owners and repositories ignore case, as at every forge.
    """
    metadata = namespace.metadata or ObjectMeta()
    given, annotations = metadata.labels or {}, metadata.annotations or {}
    return (
        given.get(labels.MANAGED_BY) == labels.MANAGER
        and given.get(labels.PREVIEW) == "true"
        and given.get(labels.RELEASE) == this.installation
        and all(annotations.get(key, "").lower() == value.lower() for key, value in this.ownership.items())
    )


def existing(client: Client, name: str, cluster_scoped: bool) -> Namespace | None:
    """Return the namespace, or None when it is not there.

    Without rights in the cluster, one that is not there and one that nobody made for this release look the same: 403.
    """
    missing = (404,) if cluster_scoped else (403, 404)

    def get() -> Namespace | None:
        try:
            return client.get(Namespace, name)
        except ApiError as error:
            if error.status.code in missing:
                return None
            raise

    return kube.persistently(f"read namespace {name}", get)


def free_or_ours(client: Client, name: str, this: run.Run, told: settings.OfProvisioner) -> None:
    """Wait while an old preview of that name goes away. Raises StepError for a namespace that is not this preview's."""
    limit = told.preview.deletion_timeout_seconds
    for _ in wait.rounds(limit, 2):
        if not (found := existing(client, name, told.installation.cluster_scoped)):
            return
        if not owned_by(found, this):
            raise StepError(
                f"namespace {name!r} exists and is not the preview of {this.pull_request} by release "
                f"{this.installation}: refused, not adopted. Delete it, or set the value namespace.scope to 'repo' "
                "when several repositories share the cluster, namespace.prefix when several releases do"
            )
        if not (found.metadata and found.metadata.deletionTimestamp):
            return
        say(f"waiting for the earlier {name} to be gone")
    raise StepError(
        f"namespace {name!r} of an earlier run is still being deleted after {limit:.0f} s: see its finalizers"
    )


def provision(client: Client, this: run.Run, told: settings.OfProvisioner, objects: str, name: str, host: str) -> str:
    """Create or refresh this run's preview `name`, which will answer at `host`; say so. Raises StepError.

    `objects` are what the chart puts into each. Done once more, or by two at once, it comes to the same.
    """
    free_or_ours(client, name, this, told)
    manifests = preview_objects.load(objects, name, host, this.labels)
    if told.installation.cluster_scoped:
        made = make_namespace(client, name, host, this, told.preview)
        preview_objects.apply(client, manifests)
    else:
        made = made_beforehand(client, name, this)
        preview_objects.check(client, manifests)
    make_deployer(client, made, this)
    for secret in told.preview.pull_secrets:
        copy_pull_secret(client, secret, name, this)
    return f"preview {name} is ready for {this.pull_request}"


def make_namespace(client: Client, name: str, host: str, this: run.Run, preview: settings.Preview) -> Namespace:
    """Create or refresh the preview's Namespace. Raises StepError."""
    wanted = preview_objects.namespace(name, host, this.labels, this.ownership, preview)
    wanted["metadata"]["annotations"] |= expiry(preview.ttl_hours)
    namespace = cast(Namespace, Namespace.from_dict(wanted))
    made = kube.persistently(f"create namespace {name}", lambda: client.apply(namespace, force=True))
    say(f"namespace {name} is there for {this.pull_request}")
    return made


def made_beforehand(client: Client, name: str, this: run.Run) -> Namespace:
    """Take over the preview that an administrator made, and return it. Raises StepError when he did not make it."""
    if existing(client, name, cluster_scoped=False) is None:
        raise StepError(
            f"namespace {name!r} is not there or grants this release nothing, and with value rbac.clusterScoped false "
            "the pipeline makes none: an administrator makes it beforehand (docs/operator.md, Without rights in the "
            "cluster)"
        )
    # Cleanup leaves alone what another run holds.
    patch = {"metadata": {"labels": {labels.WORKFLOW: this.labels[labels.WORKFLOW]}}}
    return kube.persistently(f"label namespace {name}", lambda: client.patch(Namespace, name, patch))


def make_deployer(client: Client, preview: Namespace, this: run.Run) -> None:
    """Create the service account that deploys into `preview`. Raises StepError."""
    metadata = preview.metadata or ObjectMeta()
    name = str(metadata.name)
    deployer = ServiceAccount(
        apiVersion="v1",
        kind="ServiceAccount",
        # Owned by the namespace, so that it is gone when the preview is.
        metadata=ObjectMeta(
            name=names.deployer(this.installation, name),
            namespace=this.namespace,
            labels=this.labels,
            ownerReferences=[OwnerReference(apiVersion="v1", kind="Namespace", name=name, uid=str(metadata.uid))],
        ),
        automountServiceAccountToken=False,
    )
    kube.persistently("create the deployer's service account", lambda: client.apply(deployer, force=True))


def copy_pull_secret(client: Client, name: str, namespace: str, this: run.Run) -> None:
    """Copy the pull Secret `name` of the release namespace into the preview. Raises StepError."""
    source = kube.persistently(f"read pull Secret {name}", lambda: client.get(Secret, name, namespace=this.namespace))
    if source.type != "kubernetes.io/dockerconfigjson":
        raise StepError(
            f"value preview.pullSecrets names {name!r} of type {source.type!r}: must be kubernetes.io/dockerconfigjson"
        )
    copy = Secret(
        apiVersion="v1",
        kind="Secret",
        metadata=ObjectMeta(name=name, namespace=namespace, labels=this.labels),
        type=source.type,
        data=source.data,
    )
    kube.persistently(f"copy pull Secret {name}", lambda: client.apply(copy, force=True))
    say(f"pull Secret {name} is copied")
