"""tests/render/rights.yaml: who runs what, and who can become whom, with the admission policies and without."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from idag.render import helm
from implementation_dag.check.rights import Identity, Object
from scripts.chart.render.project import CHART

from . import chart, words

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "tests" / "render" / "rights.yaml"
VALUES = ROOT / "tests" / "render" / "rights-values.yaml"
HEADER = """\
# What each identity of the pipeline can become, and do in the end. Written by `make rights`; read the diff.
# Computed (scripts/chart/rights) from the rendered roles, bindings and pods; a live cluster is held to it by
# tests/e2e/isolation/test_rights.py. "any other service account" is taken to be the whole cluster.
"""
RELEASE, NAMESPACE = "implementation-dag", "workflows"


def become(objects: Iterable[Object], release: str, namespace: str, policies: bool) -> dict[str, list[str]]:
    """Return the sentences for each identity of the release."""
    world = chart.world(objects, release, namespace, policies)
    who = {core: Identity(namespace, f"{release}-{core}") for core in chart.CORE}
    who["deployer of preview 1"] = Identity(namespace, f"{release}-deployer.{chart.PREVIEWS[0]}")
    who["service account of preview 1"] = Identity(chart.PREVIEWS[0], "default")
    return {name: words.sentences(world, identity, release, namespace) for name, identity in who.items()}


def document() -> dict[str, Any]:
    """Return the snapshot's content, from the chart with the values of `VALUES`."""
    objects = helm.template(CHART, VALUES)
    return {
        "pods that run as": {
            name.removeprefix(f"{RELEASE}-"): found for name, found in sorted(chart.pods(objects, RELEASE).items())
        },
        "with the admission policies": become(objects, RELEASE, NAMESPACE, policies=True),
        "without them (policies.install never): RBAC and the controller alone": become(
            objects, RELEASE, NAMESPACE, policies=False
        ),
    }


class _Indented(yaml.SafeDumper):
    """Lists are indented below their keys, as everywhere in this repository."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def text() -> str:
    """Return the file as it should be."""
    return HEADER + yaml.dump(document(), Dumper=_Indented, sort_keys=False, width=200)
