"""A forge in a namespace of its own, and Argo CD told about it: address, token and authority."""

from __future__ import annotations

from pathlib import Path

from scripts.lab.cluster.argocd import NAMESPACE as ARGOCD
from scripts.lab.forge.driver import ADMIN
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import backends, forge
from scripts.lab.stand.certificates import GitCertificate, self_signed
from scripts.lab.stand.environment import Environment, forge_image
from scripts.lab.stand.git_host import GitHost
from scripts.lab.stand.objects import config_map, secret
from scripts.lab.stand.repository import OWNER

NAMESPACE = "acd-git"
HOST = f"git.{NAMESPACE}.svc.cluster.local"
REPO = "platform"
URL = f"https://{HOST}/{OWNER}/{REPO}.git"
# Folder of charts in the cluster's registry.
CHARTS = "acd-charts"


def serve(where: Environment, folder: Path) -> GitHost:
    """Start the forge afresh, with an empty repository, and make Argo CD trust it. Raises LabError."""
    kubectl = where.kubectl
    remove(kubectl)
    backends.claim_namespace(where, NAMESPACE)
    certificate, key = self_signed(HOST, folder)
    signed = GitCertificate(certificate, key, certificate)
    kept = forge.deploy(where, NAMESPACE, HOST, forge_image(where), signed)
    address = kubectl.run("get", "service/git", f"--namespace={NAMESPACE}", "--output=jsonpath={.spec.clusterIP}")
    tokens = forge.tokens(HOST, (address, forge.PORT), certificate, kept.password)
    _introduce(where, certificate, tokens[forge.READER])
    host = GitHost(address, forge.PORT, tokens[ADMIN], folder / "git.crt", HOST)
    host.create_repository(OWNER, REPO)
    return host


def _introduce(where: Environment, certificate: str, token: str) -> None:
    """Give Argo CD the token, and the authorities of the forge and of the cluster's registry."""
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
    """Remove the server and what Argo CD knows of it. Raises LabError."""
    kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s")
    kubectl.run("delete", "secret", "acd-platform", "acd-charts", f"--namespace={ARGOCD}", "--ignore-not-found")
