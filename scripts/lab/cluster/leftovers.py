"""Files that components leave at fixed places outside the state folder, whatever they are told."""

from __future__ import annotations

import socket
from pathlib import Path

from scripts.lab.cluster.settings import State

SHIM_SOCKETS = Path("/run/containerd/s")
LOG_LINKS = Path("/var/log/containers")
CNI_RESULTS = Path("/var/lib/cni/results")
DEVICE_SOCKET = Path("/var/lib/kubelet/device-plugins/kubelet.sock")
# Removed when empty, children first.
FOLDERS = (
    SHIM_SOCKETS,
    SHIM_SOCKETS.parent,
    LOG_LINKS,
    CNI_RESULTS,
    CNI_RESULTS.parent,
    DEVICE_SOCKET.parent,
    DEVICE_SOCKET.parent.parent,
    Path("/usr/libexec/kubernetes/kubelet-plugins/volume/exec"),
    Path("/usr/libexec/kubernetes/kubelet-plugins/volume"),
    Path("/usr/libexec/kubernetes/kubelet-plugins"),
    Path("/usr/libexec/kubernetes"),
)


def shim_sockets(state: State) -> list[Path]:
    """Sockets of our shims, named in their bundles: to be read while the state folder is still there."""
    found = []
    for address in (state.containerd / "run").glob("io.containerd.runtime.v2.task/*/*/address"):
        path = Path(address.read_text().strip().removeprefix("unix://"))
        if path.parent == SHIM_SOCKETS:
            found.append(path)
    return found


def cni_results(folder: Path = CNI_RESULTS) -> list[Path]:
    """What CNI remembers of our network's pods, and of the loopback devices of the same pods."""
    ours = list(folder.glob("idag-*"))
    pods = {path.name.split("-")[1] for path in ours}
    return ours + [path for path in folder.glob("cni-loopback-*") if path.name.split("-")[2] in pods]


def log_links(state: State, folder: Path = LOG_LINKS) -> list[Path]:
    """The kubelet's links to pod logs in our state folder."""
    if not folder.is_dir():
        return []
    links = [path for path in folder.iterdir() if path.is_symlink()]
    return [path for path in links if path.readlink().is_relative_to(state.root)]


def remove(state: State, sockets: list[Path]) -> None:
    """Remove `sockets` and everything named above that is ours, then folders that are empty."""
    for path in (*sockets, *cni_results(), *log_links(state)):
        path.unlink(missing_ok=True)
    if DEVICE_SOCKET.is_socket() and not _answers(DEVICE_SOCKET):
        DEVICE_SOCKET.unlink()
    for folder in FOLDERS:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _answers(path: Path) -> bool:
    """A socket with somebody behind it belongs to another kubelet."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
