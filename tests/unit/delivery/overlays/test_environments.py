"""Environments are read from the overlays, in the order of their promotion."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from idag.overlays import argocd
from idag.overlays.environments import PROMOTED_FROM, environments
from idag.yaml_reader import InputError
from scripts.chart.render.project import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of kustomize, whose environments are a then c then b."""
    shutil.copytree(ROOT / "kustomize", tmp_path / "kustomize")
    overlays = tmp_path / "kustomize" / "overlays"
    shutil.rmtree(overlays)
    for name, before in (("a", ""), ("b", "c"), ("c", "a")):
        add(tmp_path, name, before)
    return tmp_path


def add(root: Path, name: str, before: str) -> None:
    folder = root / "kustomize" / "overlays" / name
    (folder / "chart").mkdir(parents=True, exist_ok=True)
    annotations = f"metadata:\n  annotations:\n    {PROMOTED_FROM}: {before}\n" if before else ""
    release = f"{annotations}version: 1.0.0\nreleaseName: r-{name}\nnamespace: n-{name}\n"
    (folder / "chart" / "release.yaml").write_text(release)
    (folder / "values.yaml").write_text(f"defaults: {{domain: {name}.example.com}}\n")


def test_they_stand_in_the_order_of_their_promotion(root: Path) -> None:
    found = environments(root)
    assert [(one.name, one.promoted_from) for one in found] == [("a", ""), ("c", "a"), ("b", "c")]
    assert (found[2].release, found[2].namespace, found[2].domain) == ("r-b", "n-b", "b.example.com")


def test_a_promotion_from_nowhere_is_told(root: Path) -> None:
    add(root, "c", "d")
    with pytest.raises(InputError, match="b is promoted from 'c', c is promoted from 'd': must lead to"):
        environments(root)


def test_a_release_without_a_namespace_is_told(root: Path) -> None:
    (root / "kustomize/overlays/b/chart/release.yaml").write_text("version: 1.0.0\nreleaseName: r\nnamespace: 7\n")
    with pytest.raises(InputError, match=r"b/chart/release\.yaml: namespace must be a string"):
        environments(root)


def test_argo_cd_gets_a_file_and_a_place_of_each(root: Path) -> None:
    argocd.write(root)
    folder = root / "kustomize" / "argocd"
    assert "  - a.yaml\n  - c.yaml\n  - b.yaml\n" in (folder / "helm" / "kustomization.yaml").read_text()
    elements = (folder / "environments.yaml").read_text()
    assert "{environment: a, path: kustomize/overlays/a, namespace: n-a}" in elements
    assert "{environment: b, path: kustomize/rendered/b, namespace: n-b}" in elements
    assert "namespace: n-c}\n" in (folder / "project" / "appproject.yaml").read_text()
    assert "path: charts/implementation-dag" in (folder / "helm" / "a.yaml").read_text()
    assert "targetRevision: 1.0.0" in (folder / "helm" / "b.yaml").read_text()
    assert "path: kustomize/rendered/b" in (folder / "applications" / "b.yaml").read_text()
