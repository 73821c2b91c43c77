"""The outside tool kubectl, bound to one kubeconfig."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idag.toolchain import tool
from implementation_dag.base.wait import rounds
from scripts.lab import ports
from scripts.lab.errors import LabError

FORWARD_SECONDS = 20.0


@dataclass(frozen=True)
class Kubectl:
    """kubectl with `kubeconfig`; empty means the user's own rules of finding one. `cache` is its folder of answers."""

    kubeconfig: Path | None
    cache: Path | None = None

    def command(self, *arguments: str) -> list[str]:
        """The full command line."""
        chosen = [f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else []
        chosen += [f"--cache-dir={self.cache}"] if self.cache else []
        return [str(tool("kubectl")), *chosen, *arguments]

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl and return its output. Raises LabError with kubectl's words."""
        done = subprocess.run(self.command(*arguments), input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"kubectl {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def get(self, *arguments: str) -> dict[str, Any] | None:
        """One object or a list as JSON; None when a named object is not there. Raises LabError."""
        text = self.run("get", *arguments, "--ignore-not-found", "--output=json")
        if not text.strip():
            return None
        found: dict[str, Any] = json.loads(text)
        return found

    def items(self, *arguments: str) -> list[dict[str, Any]]:
        """The items of a list. Raises LabError."""
        found = self.get(*arguments) or {}
        items: list[dict[str, Any]] = found.get("items", [])
        return items

    def apply(self, objects: Sequence[dict[str, Any]]) -> None:
        """Apply the objects server-side. Raises LabError."""
        document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.run(
            "apply", "--server-side", "--force-conflicts", "--field-manager=implementation-dag-demo",
            "--filename=-", stdin=json.dumps(document),
        )  # fmt: skip

    def create(self, manifest: dict[str, Any]) -> str:
        """Create an object, by generateName too; returns its name. Raises LabError."""
        return self.run("create", "--filename=-", "--output=jsonpath={.metadata.name}", stdin=json.dumps(manifest))

    @contextmanager
    def forward(self, namespace: str, service: str, port: int) -> Iterator[int]:
        """Forward a free local port to a port of the service; yields the local port. Raises LabError."""
        local = ports.free()
        command = self.command("port-forward", f"--namespace={namespace}", f"service/{service}", f"{local}:{port}")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _await_port(process, local)
            yield local
        finally:
            process.terminate()
            process.wait(timeout=10)
            if process.stderr:
                process.stderr.close()


def _await_port(process: subprocess.Popen[str], port: int) -> None:
    for _ in rounds(FORWARD_SECONDS, 0.1):
        if process.poll() is not None:
            words = process.stderr.read().strip() if process.stderr else ""
            raise LabError(f"kubectl port-forward ended: {words}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise LabError(f"kubectl port-forward did not open port {port} within {FORWARD_SECONDS:.0f} s")
