"""The services the pipeline needs beside the cluster: the forge and S3, in a namespace of their own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from idag.progress import Progress
from scripts.lab.errors import LabError
from scripts.lab.stand import forge
from scripts.lab.stand.certificates import GIT_HOST, GitCertificate
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, DemoImages, Environment
from scripts.lab.stand.objects import read_secret, render, roll_out, secret

BUCKET = "evidence"
S3_PORT = 7070
# Namespaces that the demo made carry it; others are never touched.
OWNED = {"implementation-dag-demo": "true"}


@dataclass(frozen=True)
class Credentials:
    """Random, kept in the cluster only. `tokens` are those of the forge, by user; `webhook` signs its webhooks."""

    tokens: dict[str, str]
    webhook: str
    s3_access_key: str
    s3_secret_key: str


def ensure(
    environment: Environment, images: DemoImages, certificate: GitCertificate, progress: Progress
) -> Credentials:
    """Create or update both services and wait until they are ready. Raises LabError."""
    for name in (DEMO_NAMESPACE, RELEASE_NAMESPACE):
        claim_namespace(environment, name)
    kept = read_secret(environment.kubectl, DEMO_NAMESPACE, "s3")
    s3 = {
        "accessKey": kept.get("accessKey") or secrets.token_hex(10),
        "secretKey": kept.get("secretKey") or secrets.token_urlsafe(30),
    }
    fields = {
        "namespace": DEMO_NAMESPACE,
        "runtime_image": images.runtime,
        "s3_image": images.s3,
        "bucket": BUCKET,
    }
    environment.kubectl.apply([secret(DEMO_NAMESPACE, "s3", s3), *render("s3.yaml", fields)])
    kept_forge = forge.deploy(environment, DEMO_NAMESPACE, GIT_HOST, images.forge, certificate)
    roll_out(environment.kubectl, DEMO_NAMESPACE, "s3")
    with environment.reach("git", forge.PORT) as address:
        tokens = forge.tokens(GIT_HOST, address, certificate.bundle, kept_forge.password)
    progress(f"{DEMO_NAMESPACE}: forge and S3 are ready")
    return Credentials(tokens, kept_forge.webhook, s3["accessKey"], s3["secretKey"])


def made_by_demo(environment: Environment, name: str) -> bool:
    """Whether the namespace is there, and a demo made it. Raises LabError."""
    found = environment.kubectl.get("namespace", name) or {}
    labels: dict[str, str] = found.get("metadata", {}).get("labels", {})
    return OWNED.items() <= labels.items()


def claim_namespace(environment: Environment, name: str) -> None:
    """Create the namespace, restricted, or take one that an earlier demo made. Raises LabError otherwise."""
    if environment.kubectl.get("namespace", name) and not made_by_demo(environment, name):
        raise LabError(f"namespace {name} exists and was not made by the demo: it is not touched. Use another cluster")
    wanted = {**OWNED, "pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": name, "labels": wanted}
    environment.kubectl.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])
