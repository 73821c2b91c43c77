"""`helm package`, then everything that comes from the machine instead of the chart is taken out of the archive."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from idag.toolchain import tool
from implementation_dag.base.errors import CommandError

# 2025-12-01T00:00:00Z, as in our images; the date of a package is the date of its release, not of its files.
EPOCH = 1764547200
MODE = 0o644


class PackageError(CommandError):
    """helm refused the chart; the text is its own."""


def package(chart: Path, folder: Path) -> Path:
    """Write ``<name>-<version>.tgz`` of `chart` into `folder` and return its path. Raises PackageError.

    Order, times, owners and modes of the members are fixed: two checkouts of one commit give the same sha256,
    as long as Python's zlib is the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="idag-package-") as work:
        command = [str(tool("helm")), "package", str(chart), "--destination", work]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            raise PackageError(f"helm package {chart}: {done.stderr.strip()}")
        made = next(Path(work).glob("*.tgz"))
        target = folder / made.name
        target.write_bytes(normalised(made.read_bytes()))
    return target


def normalised(archive: bytes) -> bytes:
    """Return the gzipped tar `archive` with its regular files sorted by name and stripped of the machine's traces."""
    plain = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as given,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as result,
    ):
        for member in sorted(given.getmembers(), key=_chart_first):
            entry = tarfile.TarInfo(member.name)
            entry.size, entry.mtime, entry.mode = member.size, EPOCH, MODE
            result.addfile(entry, given.extractfile(member))
    return gzip.compress(plain.getvalue(), mtime=0)


def _chart_first(member: tarfile.TarInfo) -> tuple[bool, str]:
    # Registries that peek at a package look for Chart.yaml at its start.
    return member.name.count("/") != 1 or not member.name.endswith("/Chart.yaml"), member.name
