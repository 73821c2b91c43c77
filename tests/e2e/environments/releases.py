"""Two releases of the chart beside the demo's, with what the dev and staging overlays say."""

from __future__ import annotations

from typing import Any

from implementation_dag import naming
from scripts.demo.kubectl import Kubectl
from scripts.demo.repository import OWNER, REPO
from scripts.overlays.build import ROOT

from ..release import Release

NAMES = ("dev", "staging")
# The cluster has no External Secrets operator; null takes away what the overlay says.
NO_OPERATOR = {"externalSecrets": {"secrets": None}}


def make(kubectl: Kubectl, domain: str) -> dict[str, Release]:
    """A release for each environment. Its name is not the overlay's own, which Argo CD may be using beside us."""
    return {name: _of(kubectl, name, domain) for name in NAMES}


def preview(release: Release, pr: int) -> str:
    """Namespace of a release's preview of a pull request of the demo."""
    return naming.namespace(OWNER, REPO, str(pr), "repo", f"impl-{release.name}")


def namespace(release: Release, pr: int) -> dict[str, Any]:
    """The Namespace of a release's preview of a pull request of the demo."""
    found = release.kubectl.get("namespace", preview(release, pr))
    assert found, f"namespace {preview(release, pr)} is not there"
    return found


def _of(kubectl: Kubectl, name: str, domain: str) -> Release:
    full_name = f"coexist-{name}"
    own = {"namespace": {"prefix": f"impl-{full_name}"}, "defaults": {"domain": f"{name}.{domain}"}}
    return Release(kubectl, full_name, NO_OPERATOR | own, [ROOT / "kustomize" / "overlays" / name / "values.yaml"])
