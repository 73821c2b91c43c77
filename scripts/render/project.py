"""This project's own suite."""

from __future__ import annotations

from pathlib import Path

from scripts.render.suite import Suite

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "implementation-dag"

SUITE = Suite(
    chart=CHART,
    cases_folder=ROOT / "tests" / "render" / "cases",
    overlays=ROOT / "kustomize" / "overlays",
    snapshots=ROOT / "tests" / "render" / "snapshots",
    release="implementation-dag",
    namespace="workflows",
)
