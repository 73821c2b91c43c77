"""kustomize/argocd: what it holds for each environment, made from the overlays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from idag.marked import with_parts
from idag.overlays.environments import Environment, environments

HEADER = "# Made by `make rendered` from overlays/{name}; do not edit.\n"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: implementation-dag-{name}
  namespace: argocd
  labels:
    app.kubernetes.io/part-of: implementation-dag
    environment: {name}
"""
DESTINATION = """\
  destination:
    server: https://kubernetes.default.svc
    namespace: {namespace}
"""
OVERLAY = """\
spec:
  source:
    repoURL: repository
    targetRevision: revision
    path: {path}
"""
CHART_FROM_GIT = """\
spec:
  source:
    repoURL: repository
    targetRevision: revision
    path: charts/implementation-dag
    helm:
      releaseName: {release}
      skipCrds: true
      # `helm test` is for releases that helm itself made.
      valuesObject: {{installationTest: {{enabled: false}}}}
      valueFiles: [../../kustomize/overlays/{name}/values.yaml]
"""
CHART_FROM_REGISTRY = """\
    chart-source: registry
spec:
  sources:
    - repoURL: charts
      chart: implementation-dag
      targetRevision: {chart}
      helm:
        releaseName: {release}
        skipCrds: true
        # `helm test` is for releases that helm itself made.
        valuesObject: {{installationTest: {{enabled: false}}}}
        valueFiles: [$values/kustomize/overlays/{name}/values.yaml]
    # The values stay in git, where they are reviewed.
    - repoURL: repository
      targetRevision: revision
      ref: values
"""


def made(root: Path) -> dict[Path, str]:
    """Return the text of each file. Raises InputError, and ValueError where a file has no place for its part."""
    every = environments(root)
    folder = root / "kustomize" / "argocd"
    element = "          - {{environment: {name}, path: {path}, namespace: {namespace}}}\n"
    destination = "    - {{server: https://kubernetes.default.svc, namespace: {namespace}}}\n"
    found = {
        folder / "environments.yaml": {"elements": _each(element, every)},
        folder / "project" / "appproject.yaml": {"destinations": _each(destination, every)},
        folder / "applications" / "kustomization.yaml": {"environments": _each("  - {name}.yaml\n", every)},
        folder / "helm" / "kustomization.yaml": {"environments": _each("  - {name}.yaml\n", every)},
    }
    texts = {path: with_parts(path.read_text(encoding="utf-8"), parts, path.name) for path, parts in found.items()}
    for one in every:
        chart = CHART_FROM_REGISTRY if one.promoted_from else CHART_FROM_GIT
        texts[folder / "applications" / f"{one.name}.yaml"] = _each(HEADER + APPLICATION + OVERLAY + DESTINATION, [one])
        texts[folder / "helm" / f"{one.name}.yaml"] = _each(HEADER + APPLICATION + chart + DESTINATION, [one])
    return texts


def write(root: Path) -> None:
    """Write the files of every environment. Raises as `made` does."""
    for path, text in made(root).items():
        path.write_text(text, encoding="utf-8")


def _each(template: str, every: Sequence[Environment]) -> str:
    return "".join(template.format(**vars(one), path=_path(one)) for one in every)


def _path(one: Environment) -> str:
    return f"kustomize/{'rendered' if one.promoted_from else 'overlays'}/{one.name}"
