"""Both programs that users build overlays with give the same."""

import subprocess

import pytest

from idag.overlays import build, rendered
from idag.toolchain import tool
from scripts.chart.render.project import ENVIRONMENTS, ROOT

FOLDERS = ["base", "crds", *(f"{kind}/{name}" for kind in ("overlays", "rendered") for name in ENVIRONMENTS)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_standalone_kustomize_builds_the_same(folder: str) -> None:
    place = ROOT / "kustomize" / folder
    assert build.build(place, program="kustomize") == build.build(place)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_rendered_variant_needs_no_helm(name: str) -> None:
    place = ROOT / "kustomize" / "rendered" / name
    done = subprocess.run([tool("kustomize"), "build", place], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = build.objects((place / "manifests.yaml").read_text())
    assert sorted(build.objects(done.stdout), key=str) == sorted(wanted, key=str)
    assert rendered.pinned_version(name, ROOT) in done.stdout
