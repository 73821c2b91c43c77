"""Addresses of the local cluster and the layout of its state folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl

NODE_NAME = "idag"
NODE_IP = "172.30.0.1"
NODE_BRIDGE = "idag0"
POD_BRIDGE = "cni0"
POD_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_SERVICE_IP = "10.96.0.10"
INGRESS_SERVICE_IP = "10.96.0.80"
CLUSTER_DOMAIN = "cluster.local"
PREVIEW_DOMAIN = "preview.example.com"
API_URL = f"https://{NODE_IP}:6443"
REGISTRY = f"{NODE_IP}:5000"
CGROUP = "idag"
# A busy machine is slow, not broken: what has died is seen at once, and nothing is given up before.
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class State:
    """Paths under the one folder that holds everything the cluster writes."""

    root: Path

    @classmethod
    def from_environment(cls) -> State:
        """The folder named by IDAG_STATE, or /var/lib/implementation-dag."""
        root = Path(os.environ.get("IDAG_STATE") or "/var/lib/implementation-dag")
        if not root.is_absolute() or len(root.parts) < 3:
            raise LabError(f"IDAG_STATE={root}: give an absolute path at least two folders deep")
        return cls(root)

    @property
    def lock(self) -> Path:
        """Lock file beside the folder, since `down` removes the folder."""
        return self.root.with_name(self.root.name + ".lock")

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def pids(self) -> Path:
        return self.root / "pids"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def containerd(self) -> Path:
        return self.root / "containerd"

    @property
    def containerd_socket(self) -> Path:
        return self.containerd / "containerd.sock"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.root / "admin.kubeconfig"

    @property
    def kubectl(self) -> Kubectl:
        """kubectl as the cluster's administrator."""
        return Kubectl(self.admin_kubeconfig, self.root / "kubectl-cache")

    @property
    def stamps(self) -> Path:
        """Digests of what was applied and imported, so that a second `up` has nothing to do."""
        return self.root / "stamps"


def write_if_changed(path: Path, text: str, mode: int = 0o644) -> bool:
    """Write `text` to `path` unless it is there already (kube-proxy exits when its file is rewritten)."""
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text)
    return True
