"""What the machine must offer: Linux, root, and Debian's container packages (installed when missing)."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from idag.progress import Progress
from scripts.lab.errors import LabError

# A file that proves the package is there, and the Debian package that brings it.
NEEDED: dict[str, str] = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "nft": "nftables",
    "conntrack": "conntrack",
    "catatonit": "catatonit",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "openssl": "openssl",
}
POLICY = Path("/usr/sbin/policy-rc.d")


def missing_packages(needed: Mapping[str, str] = NEEDED) -> list[str]:
    """Debian packages that still have to be installed, sorted, without doubles."""
    found = {name for name in needed if shutil.which(name, os.F_OK)}
    return sorted({package for name, package in needed.items() if name not in found})


def require_root_on_linux() -> None:
    """Raise LabError with one line unless this is root on Linux."""
    if platform.system() != "Linux":
        raise LabError(
            f"the local cluster needs Linux, this is {platform.system()}: set KUBECONFIG to a cluster instead"
        )
    if os.geteuid() != 0:
        raise LabError("the local cluster needs root (network, mounts, cgroups): run it with sudo")


def require_packages(progress: Progress, needed: Mapping[str, str] = NEEDED) -> None:
    """Install missing packages on Debian; elsewhere raise LabError that names them."""
    missing = missing_packages(needed)
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LabError(f"missing on this machine: {' '.join(missing)} (Debian's names): install them and run again")
    progress(f"installing Debian packages: {' '.join(missing)}")
    lock = ["-o", "DPkg::Lock::Timeout=300"]
    with _no_service_starts():
        _apt(["apt-get", *lock, "update", "-qq"])
        _apt(["apt-get", *lock, "install", "-y", "-qq", "--no-install-recommends", *missing])
    still = missing_packages(needed)
    if still:
        raise LabError(f"apt-get installed {' '.join(missing)} but {' '.join(still)} still miss their programs")


def _apt(command: list[str]) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise LabError(f"`{' '.join(command)}` failed: {' '.join(last)}; run it by hand to see more")


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep dpkg from starting containerd's own service: ours runs on its own socket."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
