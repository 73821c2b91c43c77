"""Building and pushing, with buildah replaced by a recorder."""

from __future__ import annotations

from pathlib import Path

import pytest

from idag.toolchain.pins import IMAGE, read_pins
from scripts.lab.images import buildah
from scripts.lab.images.__main__ import main
from scripts.lab.images.build import build, push_local
from scripts.lab.images.context import PINNED_BASE, RECIPES, ROOT, Recipe, pinned_base
from scripts.lab.images.image import ImageRef

DIGEST = "sha256:" + "b" * 64


def test_push_trusts_only_the_given_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.crt").write_text("certificate")
    (tmp_path / "ca.key").write_text("key")
    pushed: list[str] = []
    trusted: list[str] = []

    def record(*arguments: str | Path) -> str:
        options = dict(str(part).split("=", 1) for part in arguments if "=" in str(part))
        Path(options["--digestfile"]).write_text(DIGEST)
        trusted.extend(path.name for path in Path(options["--cert-dir"]).iterdir())
        pushed.extend(str(part) for part in arguments[-2:])
        return ""

    monkeypatch.setattr(buildah, "run", record)
    monkeypatch.setattr(buildah, "signature_policy", lambda: "--signature-policy=policy.json")
    target = "registry.example.com/implementation-dag/runtime:1"
    assert push_local("localhost/idag/runtime:1", target, tmp_path / "ca.crt") == DIGEST
    assert trusted == ["ca.crt"]
    assert pushed == ["localhost/idag/runtime:1", f"docker://{target}"]


def test_unknown_image_is_named_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "runtim"]) == 1
    assert "image 'runtim' is unknown; known are runtime, agents" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_containerfile_copies_exactly_what_the_context_holds(name: str) -> None:
    recipe = RECIPES[name]
    lines = (ROOT / recipe.containerfile).read_text().splitlines()
    copied = {line.split()[-2] for line in lines if line.startswith("COPY ")}
    assert copied == {*recipe.sources, "lib", *(["bin"] if recipe.binaries else [])}


@pytest.mark.parametrize("path", ["examples/app/Containerfile", *(recipe.containerfile for recipe in RECIPES.values())])
def test_images_run_as_a_numeric_non_root_user_on_a_replaceable_base(path: str) -> None:
    lines = (ROOT / path).read_text().splitlines()
    assert "USER 65532:65532" in lines
    assert PINNED_BASE.search("\n".join(lines))
    assert "FROM ${BASE_IMAGE}" in lines


def test_all_images_have_the_same_base() -> None:
    bases = {pinned_base(recipe) for recipe in RECIPES.values()}
    assert bases == set(PINNED_BASE.findall((ROOT / "examples/app/Containerfile").read_text()))


@pytest.mark.parametrize("base", ["python:3.13-slim", "python:3.13-slim@sha256:12", "python@sha256:" + "A" * 64])
def test_a_base_without_a_digest_is_not_published(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    containerfile = tmp_path / "Containerfile"
    containerfile.write_text(f"ARG BASE_IMAGE={base}\nFROM ${{BASE_IMAGE}}\n")
    monkeypatch.setitem(RECIPES, "trial", Recipe("trial", str(containerfile), "x.lock", sources={}, binaries={}))
    assert main(["build", "trial", "--pinned-base"]) == 1
    assert "Containerfile: ARG BASE_IMAGE must end in @sha256:" in capsys.readouterr().err


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_what_images_hold_is_built_from_its_own_project(recipe: Recipe) -> None:
    owners = {name: pin for pin in read_pins().values() for name in pin.names}
    assert {owners[binary].group for binary in recipe.binaries.values()} <= {IMAGE}


def test_a_file_that_changes_during_the_copy_never_gets_the_old_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("one")
    recipe = Recipe("trial", "runtime/Containerfile", str(lock), sources={}, binaries={})
    monkeypatch.setitem(RECIPES, "trial", recipe)
    monkeypatch.setenv("IDAG_CACHE", str(tmp_path))
    copies: list[str] = []

    def prepare_late(recipe: Recipe, folder: Path, python_version: str, architecture: str) -> None:
        copies.append(lock.read_text())
        lock.write_text("two")

    def save(reference: str, archive: Path, architecture: str) -> None:
        archive.write_text(copies[-1])

    monkeypatch.setitem(build.__globals__, "prepare", prepare_late)
    monkeypatch.setattr(buildah, "run", lambda *_: "3.11")
    monkeypatch.setattr(buildah, "signature_policy", lambda: "--signature-policy=policy.json")
    monkeypatch.setattr(buildah, "save", save)
    monkeypatch.setattr(ImageRef, "digest", DIGEST)
    image = build("trial", "registry.example.com/python:3.11")
    assert copies == ["one", "two"]
    assert image.archive.read_text() == "two"
    assert build("trial", "registry.example.com/python:3.11") == image
    assert len(copies) == 2
