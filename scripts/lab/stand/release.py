"""Install the product the way a user does: helm upgrade --install with a values file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml

from idag.progress import Progress
from scripts.lab.stand.backends import BUCKET, S3_PORT, Credentials
from scripts.lab.stand.certificates import GIT_HOST, GitCertificate
from scripts.lab.stand.environment import DEMO_NAMESPACE, RELEASE_NAMESPACE, DemoImages, Environment
from scripts.lab.stand.forge import PIPELINE, QA, READER, REPORTER
from scripts.lab.stand.helm import helm
from scripts.lab.stand.objects import config_map, secret
from scripts.lab.stand.repository import OWNER, REPO

CHART = Path(__file__).resolve().parents[3] / "charts" / "implementation-dag"
RELEASE = "implementation-dag"
GIT_SECRET = "demo-git"  # noqa: S105 - a name
S3_SECRET = "demo-s3"  # noqa: S105 - a name
READER_SECRET, REPORTER_SECRET, QA_SECRET, WEBHOOK_SECRET = "demo-reader", "demo-reporter", "demo-qa", "demo-webhook"
# Pull requests with it start their runs; those of other scenarios are submitted by hand.
LABEL = "preview"
TRUST = "demo-trust"
TIMEOUT = "180s"


def values(environment: Environment, images: DemoImages) -> dict[str, Any]:
    """The chart's values for this environment."""
    repository, _, digest = images.runtime.partition("@")
    return {
        "image": {"repository": repository.rpartition(":")[0], "digest": digest},
        "git": {"baseUrl": f"https://{GIT_HOST}", "credentialsSecret": GIT_SECRET},
        "trust": {"configMap": TRUST},
        "defaults": {"domain": environment.domain},
        "evidence": {
            "s3": {
                "endpoint": f"s3.{DEMO_NAMESPACE}.svc.cluster.local:{S3_PORT}",
                "bucket": BUCKET,
                "insecure": True,
                "secretName": S3_SECRET,
            }
        },
        "deploy": {
            "image": {"repository": f"{environment.registry}/{{owner}}/{{repo}}"},
            "ingress": {"controller": _controller(environment)},
        },
        "agents": {"reference": {"enabled": True, "image": images.agents}},
        "installationTest": {"repository": f"{OWNER}/{REPO}"},
        "forge": {
            "enabled": True,
            "kind": "gitea",
            "apiUrl": f"https://{GIT_HOST}/api/v1",
            "repositories": [f"{OWNER}/{REPO}"],
            "secrets": {
                "reader": READER_SECRET,
                "reporter": REPORTER_SECRET,
                "qa": QA_SECRET,
                "webhook": WEBHOOK_SECRET,
            },
            "gates": {"labels": [LABEL]},
            "receiver": {"host": receiver(environment), "ingressClass": environment.ingress_class},
        },
        "network": {"services": _services(environment), "agents": []},
        "policies": {"ingressClasses": [environment.ingress_class] if environment.ingress_class else []},
    }


def receiver(environment: Environment) -> str:
    """Host at which the release takes webhooks: beside the previews, whose certificate it uses."""
    return f"webhooks.{environment.domain}"


def response_headers(environment: Environment) -> dict[str, str]:
    """Response headers that the release gives to every preview: the defaults; none when the controller is not known."""
    if not _controller(environment):
        return {}
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return dict(defaults["deploy"]["ingress"]["headers"])


def _controller(environment: Environment) -> str:
    """Ingress controller, in the chart's words; which one a user's cluster has is not known here."""
    return "skipper" if environment.local else ""


def _services(environment: Environment) -> list[dict[str, Any]]:
    """Egress rules to what the demo's pipeline works with: git and S3 in their namespace, and the registry."""
    demo = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": DEMO_NAMESPACE}}}
    if environment.local:
        address, _, port = environment.registry.partition(":")
        registry = {"to": [{"ipBlock": {"cidr": f"{address}/32"}}], "ports": [{"protocol": "TCP", "port": int(port)}]}
    else:
        # Wherever the user's registry is.
        registry = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    return [{"to": [demo]}, registry]


def install(
    environment: Environment,
    images: DemoImages,
    credentials: Credentials,
    certificate: GitCertificate,
    progress: Progress,
) -> None:
    """Install or upgrade the release and wait until it is ready. Raises LabError with helm's words."""
    environment.kubectl.apply(
        [
            secret(
                RELEASE_NAMESPACE,
                GIT_SECRET,
                {"username": "x-access-token", "password": credentials.tokens[PIPELINE]},
            ),
            secret(
                RELEASE_NAMESPACE,
                S3_SECRET,
                {"accessKey": credentials.s3_access_key, "secretKey": credentials.s3_secret_key},
            ),
            secret(RELEASE_NAMESPACE, READER_SECRET, {"token": credentials.tokens[READER]}),
            secret(RELEASE_NAMESPACE, REPORTER_SECRET, {"token": credentials.tokens[REPORTER]}),
            secret(RELEASE_NAMESPACE, QA_SECRET, {"token": credentials.tokens[QA]}),
            secret(RELEASE_NAMESPACE, WEBHOOK_SECRET, {"demo": credentials.webhook}),
            config_map(RELEASE_NAMESPACE, TRUST, {"ca-bundle.crt": certificate.bundle}),
        ]
    )
    # Helm installs CRDs once and never upgrades them.
    environment.kubectl.run("apply", "--server-side", "--force-conflicts", f"--kustomize={CHART / 'crds'}")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values(environment, images), file)
        file.flush()
        helm(
            environment.kubectl,
            "upgrade", "--install", RELEASE, str(CHART), f"--namespace={RELEASE_NAMESPACE}",
            "--create-namespace", f"--values={file.name}", "--wait", f"--timeout={TIMEOUT}",
        )  # fmt: skip
    progress(f"release {RELEASE_NAMESPACE}/{RELEASE} installed")


def uninstall(environment: Environment) -> None:
    """Remove the release if it is there. Raises LabError with helm's words."""
    place = f"--namespace={RELEASE_NAMESPACE}"
    helm(environment.kubectl, "uninstall", RELEASE, place, "--ignore-not-found", "--wait")
