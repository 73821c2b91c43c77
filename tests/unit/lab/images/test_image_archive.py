"""An image's digest is read from its archive, and a broken archive is named."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts.lab.errors import LabError
from scripts.lab.images.image import manifest_digest

DIGEST = "sha256:" + "a" * 64


def archive(tmp_path: Path, index: object) -> Path:
    path = tmp_path / "image.tar"
    content = json.dumps(index).encode()
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("index.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return path


def test_digest_is_the_manifest_of_the_index(tmp_path: Path) -> None:
    assert manifest_digest(archive(tmp_path, {"manifests": [{"digest": DIGEST}]})) == DIGEST


@pytest.mark.parametrize("index", [{"manifests": []}, {"manifests": [{"digest": DIGEST}] * 2}, {"other": 1}])
def test_archive_without_exactly_one_image_is_refused(tmp_path: Path, index: object) -> None:
    path = archive(tmp_path, index)
    with pytest.raises(LabError, match=r"image\.tar: .*delete it and build again"):
        manifest_digest(path)


def test_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(b"cut off")
    with pytest.raises(LabError, match="not an OCI archive"):
        manifest_digest(path)
