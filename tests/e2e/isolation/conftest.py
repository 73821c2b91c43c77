"""A cluster, and in it a release of the chart for the policies alone: no controller runs, no pod is started."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from idag.toolchain import tool
from scripts.lab.cluster.__main__ import main as local_cluster
from scripts.lab.kubectl import Kubectl
from scripts.lab.stand import environment
from tests.api.previews import IDENTITIES, NAMESPACE, RELEASE, VALUES, all_rights, apply, fences, make_previews, runs

__all__ = ["IDENTITIES", "NAMESPACE", "RELEASE", "all_rights", "apply"]

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    """The cluster of KUBECONFIG, or the local one, brought up."""
    where = environment.describe(os.environ)
    if where.local:
        assert local_cluster(["up"]) == 0
    else:
        environment.confirm(where, os.environ, None)
    return where.kubectl


@pytest.fixture(scope="session")
def release(kubectl: Kubectl) -> Iterator[str]:
    """The release, with its policies in force; removed at the end."""
    flags = [f"--namespace={NAMESPACE}"] + ([f"--kubeconfig={kubectl.kubeconfig}"] if kubectl.kubeconfig else [])
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(VALUES, file)
        file.flush()
        chart = ROOT / "charts" / "implementation-dag"
        helm("upgrade", "--install", RELEASE, str(chart), "--create-namespace", f"--values={file.name}", *flags)
    try:
        yield RELEASE
    finally:
        helm("uninstall", RELEASE, "--ignore-not-found", "--wait", *flags)
        kubectl.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s")


def helm(*arguments: str) -> None:
    done = subprocess.run([str(tool("helm")), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def previews(kubectl: Kubectl, release: str) -> Iterator[None]:
    """impl-isolation-pr-1 with its fences and something in it, -2 of another release, -3 on its way out."""
    provisioner = kubectl.get("deployment", f"{RELEASE}-provisioner", f"--namespace={NAMESPACE}")
    assert provisioner
    make_previews(kubectl, fences(provisioner))
    apply(kubectl, "administrator", runs())
    try:
        yield
    finally:
        kubectl.run(
            "patch", "resourcequota", "preview", "--namespace=impl-isolation-pr-3", "--type=merge",
            '--patch={"metadata":{"finalizers":null}}', *all_rights("provisioner"),
        )  # fmt: skip
        names = [f"impl-isolation-pr-{number}" for number in (1, 2, 3)]
        kubectl.run("delete", "namespace", *names, "--ignore-not-found", "--timeout=120s")
