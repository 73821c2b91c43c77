"""Build a Go tool from its module in tools/<tool>/, static, every download checked against its go.sum."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from idag.toolchain.architecture import own_architecture
from idag.toolchain.argo import missing_files
from idag.toolchain.errors import ToolError
from idag.toolchain.pins import Pin
from idag.toolchain.running import run_logged

# The C library goes into the binary: images have none, or another one.
STATIC_C = ("-linkmode=external", "-extldflags=-static")
_VERSION_ELEMENT = re.compile(r"v[0-9]+")
_NO_GO = (
    "the Go compiler is missing (go 1.26 or newer is needed): install it from https://go.dev/dl, or with apt "
    "(any go from 1.21 fetches the right one itself), and put it on PATH"
)


def executable_name(package: str) -> str:
    """Name `go build` gives the binary of a package: the last path element that is no major version."""
    elements = package.split("/")
    if len(elements) > 1 and _VERSION_ELEMENT.fullmatch(elements[-1]):
        elements.pop()
    return elements[-1]


def build(pin: Pin, folder: Path, log: Path, alive: Callable[[float], None]) -> None:
    """Build the pin's binaries into `folder`/bin and copy its assets to `folder`/<asset>.

    Raises ToolError when Go is missing or too old, a checksum differs, or the build fails.
    """
    go = find_go()
    if pin.cgo and pin.foreign:
        raise ToolError(f"{pin.name}: it holds C, which is compiled for {own_architecture()} only here")
    if pin.cgo and not shutil.which("gcc"):
        raise ToolError(f"{pin.name}: it holds C, and gcc is missing: apt-get install gcc libc6-dev")
    environment = build_environment(pin)
    _check_release(go, pin, environment)
    source = _module_source(go, pin, environment)
    for name, path in pin.assets.items():
        _copy_asset(source / path, folder / name)
    if not pin.binaries:
        return
    work = folder / ".work"
    work.mkdir()
    modfile = _prepared_modfile(pin, source, work)
    # The linker takes what debuggers read out (-w): making it is a twelfth of the compiler's time.
    command: list[str | Path] = [
        go,
        "build",
        "-mod=readonly",
        "-trimpath",
        "-buildvcs=false",
        "-gcflags=all=-dwarf=false",
    ]
    command += [f"-modfile={modfile}"] if modfile else []
    command += ["-tags", ",".join(pin.build_tags)] if pin.build_tags else []
    command += [
        "-ldflags",
        " ".join(["-s", "-w", *(STATIC_C if pin.cgo else ()), *pin.ldflags]),
        "-o",
        work / "bin",
        *pin.binaries.values(),
    ]
    (work / "bin").mkdir()
    run_logged(command, cwd=pin.module_folder, environment=environment, log=log, alive=alive)
    for name, package in pin.binaries.items():
        (work / "bin" / executable_name(package)).rename(folder / "bin" / name)
    shutil.rmtree(work)


def build_environment(pin: Pin) -> dict[str, str]:
    """The caller's environment (GOPROXY, GOFLAGS and so on are theirs) with what makes the binary static."""
    made = {"CGO_ENABLED": "1" if pin.cgo else "0", "GOWORK": "off", "GOOS": "linux", "PWD": str(pin.module_folder)}
    return {**os.environ, **made, **({"GOARCH": pin.architecture} if pin.foreign else {})}


def find_go() -> Path:
    """Path of `go` on PATH or where the official archive puts it. Raises ToolError when there is none."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not found:
        raise ToolError(_NO_GO)
    return Path(found)


def _check_release(go: Path, pin: Pin, environment: dict[str, str]) -> None:
    # Runs in the module's folder, so that Go itself compares its release with the module's `go` line.
    result = subprocess.run(
        [go, "env", "GOVERSION"], cwd=pin.module_folder, env=environment, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise ToolError(f"{go} cannot build {pin.name}: {result.stderr.strip()}; install go 1.26 or newer")


def _module_source(go: Path, pin: Pin, environment: dict[str, str]) -> Path:
    command: list[str | Path] = [go, "mod", "download", "-json", pin.module]
    result = subprocess.run(command, cwd=pin.module_folder, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        reason = (result.stderr or result.stdout).strip()
        raise ToolError(f"{pin.name}: module {pin.module} cannot be had: {reason}")
    module = json.loads(result.stdout)
    if module["Version"] != f"v{pin.version}":
        raise ToolError(
            f"tools/{pin.module_folder.name}/go.mod has {pin.module} {module['Version']}, "
            f"tools/pins.toml has {pin.version}: make both the same"
        )
    return Path(module["Dir"])


def _copy_asset(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise ToolError(f"the module has no folder {source}: correct `assets` in tools/pins.toml")
    # Content only: files of the module cache are read-only.
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def _prepared_modfile(pin: Pin, source: Path, work: Path) -> Path | None:
    """Go module file to build with, when the module needs files that its archive lacks; else None."""
    if not pin.preparation:
        return None
    patched = work / "module"
    shutil.copytree(source, patched, copy_function=shutil.copyfile)
    for path, content in missing_files(source).items():
        (patched / path).parent.mkdir(parents=True, exist_ok=True)
        (patched / path).write_bytes(content)
    modfile = work / "go.mod"
    text = (pin.module_folder / "go.mod").read_text(encoding="utf-8")
    modfile.write_text(f"{text}\nreplace {pin.module} => {patched}\n", encoding="utf-8")
    shutil.copyfile(pin.module_folder / "go.sum", work / "go.sum")
    return modfile
