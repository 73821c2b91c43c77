"""What the provisioner puts into a preview: the chart renders it, here it is made one preview's own and applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from lightkube import ApiError, Client
from lightkube.codecs import from_dict
from lightkube.models.authorization_v1 import ResourceAttributes, SelfSubjectAccessReviewSpec
from lightkube.resources.authorization_v1 import SelfSubjectAccessReview

from implementation_dag.base import kube, wait
from implementation_dag.base.errors import StepError
from implementation_dag.base.log import say
from implementation_dag.contract import labels, settings

PLACEHOLDER = "PREVIEW"
RIGHTS_SECONDS = 15
Object = dict[str, Any]


def load(text: str, namespace: str, host: str, own: Mapping[str, str]) -> list[Object]:
    """Return the manifests of `text` for `namespace`, which answers at `host`, with its `own` labels."""
    manifests: list[Object] = list(yaml.safe_load_all(text))
    for manifest in manifests:
        manifest["metadata"] |= {"namespace": namespace, "labels": dict(own)}
        for rule in manifest.get("rules", []):
            if "resourceNames" in rule:
                rule["resourceNames"] = [namespace if name == PLACEHOLDER else name for name in rule["resourceNames"]]
        for subject in manifest.get("subjects", []):
            subject["name"] = subject["name"].replace(PLACEHOLDER, namespace)
        if manifest["kind"] == "Certificate":
            manifest["spec"]["dnsNames"] = [host]
        if manifest["kind"] == "AuthorizationPolicy":
            source = manifest["spec"]["rules"][0]["from"][0]["source"]
            source["namespaces"] = [namespace if name == PLACEHOLDER else name for name in source["namespaces"]]
    return manifests


def namespace(
    name: str, host: str, own: Mapping[str, str], ownership: Mapping[str, str], preview: settings.Preview
) -> Object:
    """Return the Namespace of a preview that answers at `host`, with its own labels and annotations of ownership."""
    pod_security = {f"pod-security.kubernetes.io/{mode}": preview.pod_security for mode in ("enforce", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {**own, **pod_security, **preview.labels},
            "annotations": {**ownership, **preview.annotations, labels.HOST: host},
        },
    }


def apply(client: Client, manifests: list[Object]) -> None:
    """Apply the manifests, the provisioner's own binding first: it gives the right to the rest. Raises StepError."""
    bindings = [item for item in manifests if item["kind"] == "RoleBinding"]
    for manifest in bindings:
        _apply(client, manifest)
    rest = [item for item in manifests if item["kind"] != "RoleBinding"]
    if rest:
        await_right(client, rest[0]["metadata"]["namespace"])
    for manifest in rest:
        _apply(client, manifest)


def _apply(client: Client, manifest: Object) -> None:
    what = f"{manifest['kind']} {manifest['metadata']['name']}"
    kube.persistently(
        f"create {what} in {manifest['metadata']['namespace']}",
        lambda: client.apply(from_dict(manifest), force=True),
    )
    say(f"{what} is set")


def await_right(client: Client, namespace: str) -> None:
    """Wait until a binding just made has reached the API server's authorizer. Raises StepError after 15 s."""
    wanted = ResourceAttributes(namespace=namespace, verb="create", resource="resourcequotas")
    review = SelfSubjectAccessReview(spec=SelfSubjectAccessReviewSpec(resourceAttributes=wanted))
    for _ in wait.rounds(RIGHTS_SECONDS, 0.2):
        found = kube.persistently("ask for our rights", lambda: client.create(review))
        if found.status and found.status.allowed:
            return
    raise StepError(
        f"no right to create resourcequotas in {namespace}, though it is bound: see the RoleBinding "
        "implementation-dag-provisioner there and the ClusterRole that it names"
    )


def check(client: Client, manifests: list[Object]) -> None:
    """Raise StepError that names what an administrator who made the preview beforehand left out."""
    missing = []
    # Roles cannot be looked at: it is they that let us look at the rest.
    for manifest in (item for item in manifests if item["kind"] != "Role"):
        kind: Any = type(from_dict(manifest))
        try:
            client.get(kind, manifest["metadata"]["name"], namespace=manifest["metadata"]["namespace"])
        except ApiError as error:
            if error.status.code != 404:
                raise StepError(f"cannot read {manifest['kind']} {manifest['metadata']['name']}: {error}") from error
            missing.append(f"{manifest['kind']} {manifest['metadata']['name']}")
    if missing:
        raise StepError(
            f"the preview {manifests[0]['metadata']['namespace']} was made beforehand without {', '.join(missing)}: "
            "make it as docs/operator.md says (Without rights in the cluster)"
        )
