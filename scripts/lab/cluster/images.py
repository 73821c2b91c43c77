"""Images in the cluster's containerd: import of OCI archives, and the images of the addons."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from scripts.lab.cluster.components import PAUSE_IMAGE
from scripts.lab.cluster.settings import State
from scripts.lab.errors import LabError
from scripts.lab.images.binary import BinaryImage

# Program, and the tool of tools/pins.toml whose version tags the image.
ADDON_PROGRAMS = {
    "coredns": "coredns",
    "skipper": "skipper",
    "workflow-controller": "argo-workflows",
    "argoexec": "argo-workflows",
}


def reference(program: str, version: str) -> str:
    """Name of the image of one of our binaries, for example localhost/idag/coredns:1.14.7."""
    return f"localhost/idag/{program}:{version}"


def addon_images(tool: Callable[[str], Path], versions: dict[str, str]) -> list[BinaryImage]:
    """The pause image and one image for every addon program; `versions` maps pinned tools to versions."""
    catatonit = shutil.which("catatonit")
    if catatonit is None:
        raise LabError("catatonit is missing: apt-get install catatonit")
    pause = BinaryImage(PAUSE_IMAGE, Path(catatonit), "pause", ("-P",))
    return [pause] + [
        BinaryImage(reference(program, versions[owner]), tool(program), program)
        for program, owner in ADDON_PROGRAMS.items()
    ]


def load(path: Path, state: State | None = None) -> None:
    """Import one OCI archive into the cluster's containerd, once per content; raises LabError."""
    state = state or State.from_environment()
    if not path.is_file():
        raise LabError(f"{path}: no such file; give the path of an OCI archive (.tar)")
    status = path.stat()
    digest = hashlib.sha256(f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}".encode()).hexdigest()
    stamp = state.stamps / f"image-{digest[:16]}"
    if stamp.exists():
        return
    ctr(state, "images", "import", str(path))
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(f"{path}\n")


def ctr(state: State, *arguments: str) -> str:
    """Run containerd's own client in Kubernetes' namespace; returns its output, raises LabError."""
    command = ["ctr", "--address", str(state.containerd_socket), "--namespace", "k8s.io", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip()}; is the cluster up?")
    return done.stdout
