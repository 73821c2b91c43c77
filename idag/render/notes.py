"""What helm tells after an installation: NOTES.txt, which `helm template` leaves out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idag.render import helm
from idag.render.cache import content_key, tool_key
from idag.render.errors import RenderError
from idag.render.suite import Suite
from idag.toolchain import tool

_HEAD = "\nNOTES:\n"


def notes(suite: Suite, values: Mapping[str, Any] | None = None) -> str:
    """Return the notes of the suite's chart with these values; empty when it has none. Raises RenderError.

    Only Helm 4 renders an installation without asking a cluster.
    """
    release, text = suite.release or suite.chart_name, json.dumps(values or {})

    def make() -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "values.yaml"
            path.write_text(text, encoding="utf-8")
            command = [str(tool("helm4")), "install", release, str(suite.chart), "--dry-run=client"]
            done = helm.call([*command, "--namespace", suite.namespace, "--values", str(path)])
        if done.returncode:
            raise RenderError(done.stderr.strip())
        return done.stdout.partition(_HEAD)[2]

    inputs = ["notes", tool_key(tool("helm4")), content_key(suite.chart), text, release, suite.namespace]
    return str(suite.cache.remember(inputs, make))
