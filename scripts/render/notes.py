"""What helm tells after an installation: NOTES.txt, which `helm template` leaves out."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.render.errors import RenderError
from scripts.render.suite import Suite
from scripts.toolchain import tool

_HEAD = "\nNOTES:\n"


def notes(suite: Suite, values: Mapping[str, Any] | None = None) -> str:
    """Return the notes of the suite's chart with these values; empty when it has none. Raises RenderError.

    Only Helm 4 renders an installation without asking a cluster.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.yaml"
        path.write_text(json.dumps(values or {}), encoding="utf-8")
        command = [str(tool("helm4")), "install", suite.release or suite.chart_name, str(suite.chart)]
        command += ["--dry-run=client", "--namespace", suite.namespace, "--values", str(path)]
        environment = {**os.environ, "KUBECONFIG": os.devnull}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RenderError(done.stderr.strip())
    return done.stdout.partition(_HEAD)[2]
