"""Processor architectures: named as Go, Debian and OCI do, and as kernels, wheels and folders of libraries do."""

from __future__ import annotations

import platform

# What our images are built for.
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def own_architecture() -> str:
    """The architecture of this machine; one that our images are not built for keeps the kernel's name."""
    machine = platform.machine()
    return next((name for name, known in MACHINES.items() if known == machine), machine)
