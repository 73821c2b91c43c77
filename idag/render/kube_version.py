"""Targets whose Kubernetes a chart is for."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from idag.render import helm
from idag.render.errors import SuiteError
from idag.render.targets import TARGETS, Target
from idag.toolchain import tool


def fitting(wanted: str, targets: Sequence[Target] = TARGETS) -> tuple[Target, ...]:
    """Return the targets that a kubeVersion of Chart.yaml allows, as each helm reads it. Raises SuiteError for none."""
    if not wanted:
        return tuple(targets)
    probe = {"apiVersion": "v2", "name": "probe", "version": "1.0.0", "kubeVersion": wanted}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Chart.yaml").write_text(json.dumps(probe), encoding="utf-8")

        def fits(target: Target) -> bool:
            command = [str(tool(target.helm)), "template", "probe", folder, "--kube-version", target.kube_version]
            return helm.call(command).returncode == 0

        found = tuple(target for target in targets if fits(target))
    if not found:
        minors = ", ".join(dict.fromkeys(target.kubernetes for target in targets))
        raise SuiteError(f"kubeVersion of the chart is {wanted!r}: it allows none of Kubernetes {minors}")
    return found
