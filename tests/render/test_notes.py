"""The notes after an installation name commands that exist, for the release as it was named."""

from __future__ import annotations

import os
import subprocess

from scripts.render.project import SUITE
from scripts.toolchain import tool


def notes(*flags: str) -> str:
    """What `helm install --dry-run` prints after NOTES; Helm 4 asks no cluster for it, as Helm 3 would."""
    command = [str(tool("helm4")), "install", "shop", str(SUITE.chart), "--namespace=ci", "--dry-run=client", *flags]
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:\n")[2]


def test_the_next_three_commands() -> None:
    text = notes()
    commands = [
        "helm test shop -n ci --logs",
        "argo submit -n ci --from workflowtemplate/shop",
        "argo watch -n ci @latest",
    ]
    places = [text.find(command) for command in commands]
    assert -1 not in places, text
    assert places == sorted(places)


def test_what_is_not_configured_is_said() -> None:
    assert "evidence.s3.bucket" in notes()
    assert "git.credentialsSecret" in notes()
    text = notes("--set=evidence.s3.bucket=evidence", "--set=git.credentialsSecret=token")
    assert "evidence.s3.bucket" not in text
    assert "git.credentialsSecret" not in text


def test_without_the_installation_test_the_doctor_is_named() -> None:
    text = notes("--set=installationTest.enabled=false")
    assert "make doctor" in text
    assert "helm test shop" not in text
