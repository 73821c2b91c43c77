"""Credentials from a plugin: client-go's protocol `ExecCredential`, v1 and v1beta1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lightkube.config.models import Cluster, User

from idag.cluster.errors import ClusterError

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
# A credential that ends this soon is asked for anew.
MARGIN_SECONDS = 60


@dataclass(frozen=True)
class Credential:
    """What lightkube is to speak with, and until when; None: as long as the plugin's answer does not say."""

    user: User
    until: datetime | None

    @property
    def fresh(self) -> bool:
        """Whether it holds for a while yet."""
        return self.until is None or (self.until - datetime.now(UTC)).total_seconds() > MARGIN_SECONDS


def ask(plugin: dict[str, Any], cluster: Cluster) -> Credential:
    """Run the plugin, which may ask the person at the terminal. Raises ClusterError."""
    command, version = str(plugin.get("command") or ""), plugin.get("apiVersion")
    if version not in VERSIONS:
        raise ClusterError(f"credential plugin {command}: apiVersion is {version!r}, allowed: {', '.join(VERSIONS)}")
    given = {item["name"]: str(item["value"]) for item in plugin.get("env") or []}
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin is not None and sys.stdin.isatty()
    environment = os.environ | given | {"KUBERNETES_EXEC_INFO": _info(plugin, cluster, interactive=interactive)}
    try:
        done = subprocess.run(
            [command, *map(str, plugin.get("args") or [])],
            env=environment,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", error)
        hint = f"; {' '.join(str(plugin['installHint']).split())}" if plugin.get("installHint") else ""
        raise ClusterError(f"credential plugin {command} cannot be run: {words}{hint}") from None
    if done.returncode:
        raise ClusterError(f"credential plugin {command} ended with exit code {done.returncode}; its words are above")
    return _read(command, done.stdout)


def _info(plugin: dict[str, Any], cluster: Cluster, *, interactive: bool) -> str:
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {"server": cluster.server, "insecure-skip-tls-verify": cluster.insecure}
        if cluster.certificate_auth_data:
            spec["cluster"]["certificate-authority-data"] = cluster.certificate_auth_data
    return json.dumps({"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec})


def _read(command: str, text: str) -> Credential:
    try:
        status = json.loads(text)["status"]
        until = status.get("expirationTimestamp")
        user = User(token=status.get("token"))
        if status.get("clientCertificateData"):
            # In the kubeconfig they are base64, here they are PEM.
            user = User(
                token=status.get("token"),
                client_cert_data=_base64(status["clientCertificateData"]),
                client_key_data=_base64(status["clientKeyData"]),
            )
        if not user.token and not user.client_cert_data:
            raise ValueError("it has neither token nor clientCertificateData")
        return Credential(user, datetime.fromisoformat(until) if until else None)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ClusterError(f"credential plugin {command} gave no ExecCredential: {error}") from None


def _base64(pem: str) -> str:
    return b64encode(pem.encode()).decode()
