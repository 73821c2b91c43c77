"""The outside tool helm, on the cluster of a Kubectl."""

from __future__ import annotations

import subprocess

from idag.toolchain import tool
from scripts.lab.errors import LabError
from scripts.lab.kubectl import Kubectl


def helm(kubectl: Kubectl, *arguments: str) -> str:
    """Run helm and return its output. Raises LabError with helm's words."""
    chosen = [f"--kubeconfig={kubectl.kubeconfig}"] if kubectl.kubeconfig else []
    command = [str(tool("helm")), *arguments, *chosen]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"helm {' '.join(arguments[:3])} failed: {done.stderr.strip()}")
    return done.stdout
