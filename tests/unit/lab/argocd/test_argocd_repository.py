"""The working copy that Argo CD reads: changed where asked, otherwise the repository's own files."""

import shutil
from pathlib import Path

import yaml

from scripts.chart.render.project import ENVIRONMENTS, ROOT
from scripts.lab.argocd.platform import application, image_values, keep_environments, release

IMAGE = "registry.example.com:5000/team/runtime:0a1b@sha256:" + "c" * 64


def test_an_image_becomes_repository_and_digest() -> None:
    values = image_values(IMAGE)
    assert values["image", "repository"] == "registry.example.com:5000/team/runtime"
    assert values["image", "digest"] == "sha256:" + "c" * 64


def test_only_the_chosen_environments_stay_in_the_set(tmp_path: Path) -> None:
    path = tmp_path / "environments.yaml"
    shutil.copyfile(ROOT / "kustomize" / "argocd" / "environments.yaml", path)
    before = yaml.safe_load(path.read_text())
    keep_environments(path, ENVIRONMENTS)
    assert yaml.safe_load(path.read_text()) == before
    keep_environments(path, ["staging"])
    after = yaml.safe_load(path.read_text())
    (element,) = after["spec"]["generators"][0]["list"]["elements"]
    assert element["environment"] == "staging"
    assert after["spec"]["template"] == before["spec"]["template"]


def test_each_environment_has_a_release_and_an_application_of_its_own() -> None:
    assert len({release(name) for name in ENVIRONMENTS}) == len(ENVIRONMENTS)
    assert application("dev") == "implementation-dag-dev"
