"""The services the pipeline needs beside the cluster: git server and S3, in a namespace of their own."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml

from idag.progress import Progress
from scripts.lab.stand.certificates import GitCertificate
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, DemoImages, Environment
from scripts.lab.stand.errors import DemoError
from scripts.lab.stand.objects import config_map, read_secret, secret

MANIFESTS = Path(__file__).parent / "manifests"
GIT_SCRIPT = Path(__file__).with_name("git_server.py")
BUCKET = "evidence"
S3_PORT = 7070
# Namespaces that the demo made carry it; others are never touched.
OWNED = {"implementation-dag-demo": "true"}
ROLLOUT = "120s"


@dataclass(frozen=True)
class Credentials:
    """Random at each first run, kept in the cluster only."""

    git_token: str
    s3_access_key: str
    s3_secret_key: str


def ensure(
    environment: Environment, images: DemoImages, certificate: GitCertificate, progress: Progress
) -> Credentials:
    """Create or update both services and wait until they are ready. Raises DemoError."""
    for name in (DEMO_NAMESPACE, RELEASE_NAMESPACE):
        claim_namespace(environment, name)
    credentials = _credentials(environment)
    script = GIT_SCRIPT.read_text()
    fields = {
        "namespace": DEMO_NAMESPACE,
        "runtime_image": images.runtime,
        "s3_image": images.s3,
        "bucket": BUCKET,
        "digest": hashlib.sha256((script + certificate.certificate).encode()).hexdigest()[:12],
    }
    objects = [
        config_map(DEMO_NAMESPACE, "git-server", {"git_server.py": script}),
        secret(
            DEMO_NAMESPACE,
            "git-server",
            {
                "token": credentials.git_token,
                "tls.crt": certificate.certificate,
                "tls.key": certificate.key,
            },
        ),
        secret(
            DEMO_NAMESPACE,
            "s3",
            {"accessKey": credentials.s3_access_key, "secretKey": credentials.s3_secret_key},
        ),
    ]
    for name in ("git.yaml", "s3.yaml"):
        objects += render(name, fields)
    environment.kubectl.apply(objects)
    for name in ("git", "s3"):
        environment.kubectl.run(
            "rollout", "status", f"deployment/{name}", f"--namespace={DEMO_NAMESPACE}", f"--timeout={ROLLOUT}"
        )
        progress(f"{DEMO_NAMESPACE}/{name} ready")
    return credentials


def render(name: str, fields: dict[str, str]) -> list[dict[str, Any]]:
    """The objects of a manifest with its ${...} fields filled in."""
    text = Template((MANIFESTS / name).read_text()).substitute(fields)
    return [found for found in yaml.safe_load_all(text) if found]


def made_by_demo(environment: Environment, name: str) -> bool:
    """Whether the namespace is there, and a demo made it. Raises DemoError."""
    found = environment.kubectl.get("namespace", name) or {}
    labels: dict[str, str] = found.get("metadata", {}).get("labels", {})
    return OWNED.items() <= labels.items()


def claim_namespace(environment: Environment, name: str) -> None:
    """Create the namespace, restricted, or take one that an earlier demo made. Raises DemoError otherwise."""
    if environment.kubectl.get("namespace", name) and not made_by_demo(environment, name):
        raise DemoError(f"namespace {name} exists and was not made by the demo: it is not touched. Use another cluster")
    wanted = {**OWNED, "pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": name, "labels": wanted}
    environment.kubectl.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])


def _credentials(environment: Environment) -> Credentials:
    """The credentials of an earlier run while its services are there, else fresh ones."""
    git = read_secret(environment.kubectl, DEMO_NAMESPACE, "git-server")
    s3 = read_secret(environment.kubectl, DEMO_NAMESPACE, "s3")
    return Credentials(
        git_token=git.get("token") or secrets.token_urlsafe(24),
        s3_access_key=s3.get("accessKey") or secrets.token_hex(10),
        s3_secret_key=s3.get("secretKey") or secrets.token_urlsafe(30),
    )
