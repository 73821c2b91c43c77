"""Files out of npm packages."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from idag.toolchain import npm
from idag.toolchain.errors import ToolError
from idag.toolchain.pins import Pin

CONTENT = {"package/api/one.json": b"1", "package/api/deep/two.json": b"2", "package/apix.json": b"3"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "some.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in CONTENT.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_assets_are_a_file_or_a_folder_of_the_package(package: Path, tmp_path: Path) -> None:
    npm.unpack(package, {"api": "api", "x.json": "apix.json"}, tmp_path / "to")
    files = {str(path.relative_to(tmp_path / "to")): path.read_bytes() for path in (tmp_path / "to").rglob("*.json")}
    assert files == {"api/one.json": b"1", "api/deep/two.json": b"2", "x.json": b"3"}


def test_a_package_without_the_asset_is_refused(package: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"some.tgz has no missing.json"):
        npm.unpack(package, {"x": "missing.json"}, tmp_path / "to")


def test_another_package_than_the_pinned_one_is_refused(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = Pin("some", "1.0", "npm", "check", package="@x/some", integrity="sha512-wrong", assets={"api": "api"})
    monkeypatch.setattr(npm.shutil, "which", lambda name: name)
    monkeypatch.setattr(
        npm, "run_logged", lambda command, cwd, **_: (cwd / "some.tgz").write_bytes(package.read_bytes())
    )
    with pytest.raises(ToolError, match=r"some: some.tgz has integrity sha512-.+, pinned is sha512-wrong"):
        npm.fetch(pin, tmp_path, tmp_path / "log", lambda seconds: None)
    assert not (tmp_path / "api").exists()


def test_npm_missing_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm.shutil, "which", lambda name: None)
    with pytest.raises(ToolError, match="apt-get install npm"):
        npm.fetch(Pin("some", "1.0", "npm", "check", package="@x/some"), tmp_path, tmp_path, lambda seconds: None)
