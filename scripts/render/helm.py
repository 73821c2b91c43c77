"""`helm template` as a function."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from scripts.toolchain import tool

Object = dict[str, Any]


class RenderError(Exception):
    """helm refused the chart or the values; the text is its own."""


def template(
    chart: Path, values: Path | None = None, *, helm: str = "helm", kube_version: str = "1.35.0"
) -> list[Object]:
    """Return the objects of the chart, CRDs included, in helm's order. Raises RenderError."""
    command = [str(tool(helm)), "template", "implementation-dag", str(chart), "--namespace", "workflows"]
    command += ["--include-crds", "--kube-version", kube_version]
    if values:
        command += ["--values", str(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RenderError(done.stderr.strip())
    return [item for item in yaml.safe_load_all(done.stdout) if item]
