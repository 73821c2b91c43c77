"""Argo CD inside the cluster, for `up --argocd`: controllers, repo-server and Redis, without its web server."""

from __future__ import annotations

import secrets
from pathlib import Path

from idag.progress import Progress
from idag.toolchain import asset, tool
from idag.toolchain.pins import read_pins
from scripts.lab.cluster import addons, images
from scripts.lab.cluster.settings import PATIENCE_SECONDS, State, write_if_changed
from scripts.lab.images.base import Debian
from scripts.lab.images.bundle import Bundle, build

NAMESPACE = "argocd"
DEPLOYMENTS = tuple(
    (NAMESPACE, f"argocd-{name}")
    for name in ("redis", "repo-server", "application-controller", "applicationset-controller")
)
MANIFEST = addons.MANIFESTS / "optional" / "argocd.yaml"
# Redis comes from Debian too, so one image holds everything that Argo CD runs.
DEBIAN = Debian("argocd-base", ("usr-is-merged", "ca-certificates", "git", "redis-server"), "redis-server")
# Argo CD is one program whose name tells its role.
ROLES = (
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-repo-server",
    "argocd-git-ask-pass",
)
# Name in the image = name of the pinned binary.
BINARIES = {"argocd": "argocd", "kustomize": "kustomize", "helm": "helm3"}


def bundle() -> Bundle:
    """The one image. Its helm is version 3: kustomize's chart inflation does not speak to version 4."""
    return Bundle(
        name=images.reference("argocd", read_pins()["argo-cd"].version),
        debian=DEBIAN,
        binaries={name: tool(pinned) for name, pinned in BINARIES.items()},
        links=dict.fromkeys(ROLES, "argocd"),
    )


def manifest(reference: str, server_key: str) -> str:
    """Everything of Argo CD but its resource definitions, run from the image `reference`."""
    return addons.render(MANIFEST.read_text(), {"image": reference, "server_key": server_key})


def up(state: State, progress: Progress) -> None:
    """Install Argo CD into the running cluster, or repair it. Raises LabError, ToolError or LabError."""
    image = bundle()
    definitions = addons.definition_files(asset("argo-cd", "crds"))
    text = manifest(image.reference, _server_key(state))
    digest = addons.digest({MANIFEST.name: text}, definitions)
    if _stamp(state).is_file() and _stamp(state).read_text() == digest and addons.ready(state, DEPLOYMENTS):
        progress("Argo CD is already up")
        return
    images.load(build(image), state)
    addons.apply_definitions(state.kubectl, definitions)
    addons.apply(state.kubectl, text)
    progress("Argo CD applied")
    addons.wait(state, DEPLOYMENTS, PATIENCE_SECONDS, progress)
    _stamp(state).write_text(digest)


def installed(state: State) -> bool:
    """Whether `up` brought Argo CD into this cluster."""
    return _stamp(state).is_file()


def _server_key(state: State) -> str:
    """A random key that stays the same as long as the cluster."""
    path = state.pki / "argocd-server.key"
    if not path.is_file():
        write_if_changed(path, secrets.token_hex(32), mode=0o600)
    return path.read_text()


def _stamp(state: State) -> Path:
    return state.stamps / "argocd"
