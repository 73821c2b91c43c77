"""Programs of another architecture: the kernel gives them to QEMU, as it does for `docker buildx`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from idag.progress import Progress
from idag.toolchain.architecture import MACHINES, own_architecture
from scripts.lab.cluster.prerequisites import require_packages
from scripts.lab.errors import LabError

FORMATS = Path("/proc/sys/fs/binfmt_misc")
DESCRIPTIONS = Path("/usr/lib/binfmt.d")


def require(architecture: str, progress: Progress) -> None:
    """Have the kernel run programs of `architecture`, for as long as the machine runs.

    Raises LabError when the kernel refuses or QEMU's package cannot be had.
    """
    emulator = f"qemu-{MACHINES[architecture]}"
    if architecture == own_architecture() or (FORMATS / emulator).exists():
        return
    require_packages(progress, {f"{emulator}-static": "qemu-user-static"})
    # Systemd has registered it by now; in a container nobody has.
    if not (FORMATS / emulator).exists():
        progress(f"telling the kernel that {emulator} runs {architecture}'s programs")
        _register(DESCRIPTIONS / f"{emulator}.conf")


def _register(description: Path) -> None:
    try:
        if not (FORMATS / "register").exists():
            subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", FORMATS], check=True, capture_output=True)
        (FORMATS / "register").write_bytes(description.read_bytes())
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.decode().strip() if isinstance(error, subprocess.CalledProcessError) else error
        raise LabError(f"{FORMATS}: the kernel does not take {description}: {said}") from error
