"""The kept schemas: nobody edits them by hand, and what differs from the source is told."""

import shutil
from pathlib import Path

import pytest

from idag.schemas import SchemaError
from idag.schemas.pinned import MANIFEST, differences, schemas_of
from idag.schemas.sources import FOLDER, read_sources


def kept(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.json")}


def test_a_schema_changed_by_hand_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    shutil.copytree(FOLDER, folder)
    assert set(schemas_of("cert-manager.io", "Certificate", "v1", folder)) == {"cert-manager"}
    schemas_of.cache_clear()
    path = folder / "cert-manager" / "cert-manager.io" / "certificate-v1.json"
    path.write_text(path.read_text().replace('"additionalProperties": false', '"additionalProperties": true', 1))
    with pytest.raises(SchemaError, match=r"certificate-v1\.json was changed by hand"):
        schemas_of("cert-manager.io", "Certificate", "v1", folder)


def test_differences_name_each_file(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    shutil.copytree(FOLDER, folder)
    files = kept(FOLDER)
    assert differences(files, folder) == []
    (folder / "istio" / "old.json").write_text("{}")
    (folder / MANIFEST).unlink()
    assert differences(files, folder) == [
        "istio/old.json: not made from any source any more",
        "manifest.json: missing",
    ]


def test_a_source_must_be_complete(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text('[a]\nmodule = "example.org/a"\nversion = "v1.0.0"\n[a.crds]\n')
    with pytest.raises(SchemaError, match=r"\[a\]: sum = None, a str is needed"):
        read_sources(tmp_path)
