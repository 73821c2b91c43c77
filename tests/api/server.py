"""etcd and kube-apiserver on loopback: the real API with its admission, and nothing that acts on objects.

The one controller beside them checks the types of the policies' expressions.
"""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from idag.toolchain import tool
from implementation_dag.base import wait
from scripts.lab import ports
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl
from scripts.lab.openssl import openssl

READY_SECONDS = 180.0


@contextmanager
def running(folder: Path, *, cached: bool = False) -> Iterator[Kubectl]:
    """Start both in `folder`; yields kubectl as an administrator, and ends them by their own process.

    `cached` serves lists and watches from memory, as clusters do.
    """
    client, peer, port = (ports.free() for _ in range(3))
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    key = folder / "service-account.key"
    openssl("genrsa", "-out", str(key), "2048")
    processes = []
    try:
        processes.append(_start(folder, "etcd", _etcd(folder, client, peer)))
        processes.append(_start(folder, "kube-apiserver", _apiserver(folder, client, port, key, cached)))
        kubectl = Kubectl(_kubeconfig(folder, port, token))
        _await_ready(kubectl, processes, folder)
        processes.append(_start(folder, "kube-controller-manager", _checker(kubectl)))
        yield kubectl
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=30)


def _etcd(folder: Path, client: int, peer: int) -> list[str]:
    address = f"http://127.0.0.1:{client}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={address}",
        f"--advertise-client-urls={address}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(folder: Path, etcd: int, port: int, key: Path, cached: bool) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://localhost",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        # Nobody makes service accounts here, so no pod could be created.
        "--disable-admission-plugins=ServiceAccount",
        # Else a list that follows a write of another kind waits for etcd's next word of progress: 100 ms.
        f"--watch-cache={str(cached).lower()}",
        # Else the server refuses privileged containers before any policy is asked.
        "--allow-privileged",
    ]


def _checker(kubectl: Kubectl) -> list[str]:
    return [
        f"--kubeconfig={kubectl.kubeconfig}",
        "--controllers=validatingadmissionpolicy-status-controller",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def _start(folder: Path, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen([tool(name), *arguments], stdout=log, stderr=subprocess.STDOUT)


def _kubeconfig(folder: Path, port: int, token: str) -> Path:
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority": str(folder / "certificates" / "apiserver.crt"),
    }
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "api", "cluster": cluster}],
                "users": [{"name": "admin", "user": {"token": token}}],
                "contexts": [{"name": "api", "context": {"cluster": "api", "user": "admin"}}],
                "current-context": "api",
            }
        )
    )
    return path


def _await_ready(kubectl: Kubectl, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    for left in wait.rounds(READY_SECONDS, 0.3):
        try:
            kubectl.run("get", "--raw=/readyz")
            kubectl.run("get", "namespace", "default")
            return
        except LabError as error:
            if any(process.poll() is not None for process in processes) or not left:
                log = (folder / "kube-apiserver.log").read_text(errors="replace")
                raise LabError(f"no API server: {error}\n{log[-2000:]}") from error
