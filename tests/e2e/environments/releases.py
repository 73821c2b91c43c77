"""Two releases of the chart beside the demo's, with what the dev and staging overlays say."""

from __future__ import annotations

from typing import Any

import yaml

from implementation_dag.contract import names
from scripts.chart.render.project import ROOT
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand.repository import OWNER, REPO
from tests.e2e.release import Release

NAMES = ("dev", "staging")
# The overlay names an API server of its own: empty, the chart looks where this cluster's is.
HERE: dict[str, Any] = {"network": {"apiServer": []}}


def make(kubectl: Kubectl, domain: str) -> dict[str, Release]:
    """A release for each environment. Its name is not the overlay's own, which Argo CD may be using beside us."""
    return {name: _of(kubectl, name, domain) for name in NAMES}


def preview(release: Release, pr: int) -> str:
    """Namespace of a release's preview of a pull request of the demo."""
    return names.namespace(OWNER, REPO, str(pr), "repo", f"impl-{release.name}")


def namespace(release: Release, pr: int) -> dict[str, Any]:
    """The Namespace of a release's preview of a pull request of the demo."""
    found = release.kubectl.get("namespace", preview(release, pr))
    assert found, f"namespace {preview(release, pr)} is not there"
    return found


def _of(kubectl: Kubectl, name: str, domain: str) -> Release:
    full_name = f"coexist-{name}"
    own = {"namespace": {"prefix": f"impl-{full_name}"}, "defaults": {"domain": f"{name}.{domain}"}}
    return Release(kubectl, full_name, HERE | own, [without_operator(name)])


def without_operator(name: str) -> dict[str, Any]:
    """What the overlay says, less its ExternalSecrets and its monitoring, which no operator here would take."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "kustomize/overlays" / name / "values.yaml").read_text("utf-8"))
    found.get("externalSecrets", {}).pop("secrets", None)
    found.get("monitoring", {}).pop("enabled", None)
    return found
