"""This project's own suite."""

from __future__ import annotations

from pathlib import Path

from idag.overlays.environments import environments
from idag.render.suite import Suite

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "charts" / "implementation-dag"
# Names of the environments, in the order of their promotion.
ENVIRONMENTS = tuple(one.name for one in environments(ROOT))

SUITE = Suite(
    chart=CHART,
    cases_folder=ROOT / "tests" / "render" / "cases",
    ci=CHART / "ci",
    overlays=ROOT / "kustomize" / "overlays",
    snapshots=ROOT / "tests" / "render" / "snapshots",
    release="implementation-dag",
    namespace="workflows",
)
