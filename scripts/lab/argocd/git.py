"""A git server in a namespace of its own, and Argo CD told about it: address, token and authority."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from scripts.lab.cluster.argocd import NAMESPACE as ARGOCD
from scripts.lab.stand import backends
from scripts.lab.stand.certificates import self_signed
from scripts.lab.stand.environment import Environment
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.kubectl import Kubectl
from scripts.lab.stand.objects import config_map, secret

NAMESPACE = "acd-git"
HOST = f"git.{NAMESPACE}.svc.cluster.local"
OWNER, REPO = "acme", "platform"
URL = f"https://{HOST}/{OWNER}/{REPO}.git"
# Folder of charts in the cluster's registry.
CHARTS = "acd-charts"


def serve(where: Environment, runtime_image: str, folder: Path) -> GitHost:
    """Start the server afresh, with an empty repository, and make Argo CD trust it. Raises DemoError."""
    kubectl = where.kubectl
    remove(kubectl)
    backends.claim_namespace(where, NAMESPACE)
    certificate, key = self_signed(HOST, folder)
    token, script = secrets.token_urlsafe(24), backends.GIT_SCRIPT.read_text()
    fields = {
        "namespace": NAMESPACE,
        "runtime_image": runtime_image,
        "digest": hashlib.sha256(certificate.encode()).hexdigest()[:12],
    }
    settings = {"token": token, "tls.crt": certificate, "tls.key": key}
    kubectl.apply(
        [
            config_map(NAMESPACE, "git-server", {"git_server.py": script}),
            secret(NAMESPACE, "git-server", settings),
            *backends.render("git.yaml", fields),
        ]
    )
    kubectl.run("rollout", "status", "deployment/git", f"--namespace={NAMESPACE}", "--timeout=120s")
    _introduce(where, certificate, token)
    address = kubectl.run("get", "service/git", f"--namespace={NAMESPACE}", "--output=jsonpath={.spec.clusterIP}")
    bundle = folder / "git.crt"
    host = GitHost(address, 443, token, bundle, HOST)
    host.create_repository(OWNER, REPO)
    return host


def _introduce(where: Environment, certificate: str, token: str) -> None:
    """Give Argo CD the token, and the authorities of the git server and of the cluster's registry."""
    authorities = {HOST: certificate}
    if where.ca:
        authorities[where.registry.partition(":")[0]] = where.ca.read_text()
    repository = secret(
        ARGOCD, "acd-platform", {"type": "git", "url": URL, "username": "x-access-token", "password": token}
    )
    charts = secret(
        ARGOCD,
        "acd-charts",
        {"type": "helm", "name": "charts", "url": f"{where.registry}/{CHARTS}", "enableOCI": "true"},
    )
    for known in (repository, charts):
        known["metadata"]["labels"] = {"argocd.argoproj.io/secret-type": "repository"}
    where.kubectl.apply([config_map(ARGOCD, "argocd-tls-certs-cm", authorities), repository, charts])
    # The kubelet may take a minute to renew mounted files; a new pod has them at once.
    where.kubectl.run("rollout", "restart", "deployment/argocd-repo-server", f"--namespace={ARGOCD}")
    where.kubectl.run("rollout", "status", "deployment/argocd-repo-server", f"--namespace={ARGOCD}", "--timeout=120s")


def remove(kubectl: Kubectl) -> None:
    """Remove the server and what Argo CD knows of it. Raises DemoError."""
    kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s")
    kubectl.run("delete", "secret", "acd-platform", "acd-charts", f"--namespace={ARGOCD}", "--ignore-not-found")
