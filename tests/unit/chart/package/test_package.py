"""The chart's package has the same bytes wherever and whenever it is made, and holds the chart and nothing else."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from idag.render import helm
from scripts.chart.package import PackageError, package
from scripts.chart.package.__main__ import CHART
from scripts.chart.package.archive import normalised


def other_checkout(folder: Path) -> Path:
    """A copy of the chart as another machine would have it: other order, times and modes, an editor's leftovers."""
    for path in sorted((item for item in CHART.rglob("*") if item.is_file()), reverse=True):
        copy = folder / path.relative_to(CHART)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        os.utime(copy, (1_000_000_000, 1_000_000_000))
    (folder / ".values.yaml.swp").write_text("left by an editor")
    return folder


def test_two_checkouts_give_the_same_bytes(tmp_path: Path) -> None:
    first = package(CHART, tmp_path / "first")
    second = package(other_checkout(tmp_path / "implementation-dag"), tmp_path / "second")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_the_package_is_the_chart(tmp_path: Path) -> None:
    made = package(CHART, tmp_path)
    with tarfile.open(made) as archive:
        names = archive.getnames()
    # The situations under ci/ are the tests' and kustomize's file is its own.
    files = [path for path in CHART.rglob("*") if path.is_file() and path.parent != CHART / "ci"]
    there = {str(path.relative_to(CHART.parent)) for path in files}
    assert names[0] == "implementation-dag/Chart.yaml"
    assert set(names) == there - {"implementation-dag/crds/kustomization.yaml"}
    assert helm.template(made) == helm.template(CHART)


def test_a_broken_chart_is_refused_in_helms_words(tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    with pytest.raises(PackageError, match=r"Chart\.yaml"):
        package(tmp_path / "chart", tmp_path / "out")


def archive(names: list[str], mode: int, mtime: int, owner: str) -> bytes:
    """A package as some helm on some machine might write it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as result:
        for name in names:
            entry = tarfile.TarInfo(f"chart/{name}")
            entry.size, entry.mode, entry.mtime, entry.uname, entry.uid = len(name), mode, mtime, owner, mode
            result.addfile(entry, io.BytesIO(name.encode()))
    return stream.getvalue()


def test_nothing_of_the_machine_stays() -> None:
    names = ["Chart.yaml", "values.yaml", "templates/a.yaml"]
    first = normalised(archive(names, 0o644, 1_700_000_000, "root"))
    assert first == normalised(archive(names[::-1], 0o600, 1_000_000_000, "me"))
    assert first[4:8] == bytes(4), "the gzip header has a time"
