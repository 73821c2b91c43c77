"""`kustomize build` as a function, with kubectl's kustomize or the standalone one."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scripts.toolchain import tool

Object = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ("dev", "staging", "production")
PROGRAMS = {"kubectl": ["kubectl", "kustomize"], "kustomize": ["kustomize", "build"]}


class BuildError(Exception):
    """kustomize refused the folder; the text is its own."""


def build(folder: Path, *, program: str = "kubectl", apis: Sequence[str] = ()) -> str:
    """Return what `folder` builds to, as `program` (kubectl or kustomize) prints it. Raises BuildError.

    `apis` are API versions that helm is told the cluster serves, beside its own.
    """
    binary, *command = PROGRAMS[program]
    # Helm 3: kustomize up to 5.7, which kubectl 1.35 carries, asks helm in a way that Helm 4 refuses.
    options = ["--enable-helm", "--helm-command", str(tool("helm3")), str(folder)]
    options += [f"--helm-api-versions={api}" for api in apis]
    done = subprocess.run([str(tool(binary)), *command, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{folder}: {done.stderr.strip()}")
    return done.stdout


def objects(text: str) -> list[Object]:
    """Return the objects of a build."""
    return [item for item in yaml.safe_load_all(text) if item]
