"""CRDs that are missing, old or of another version of the chart are told apart."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from implementation_dag.check import definitions
from implementation_dag.check.finding import Level

ROOT = Path(__file__).resolve().parents[3]
OURS: dict[str, Any] = yaml.safe_load((ROOT / "charts/implementation-dag/crds/docsruns.yaml").read_text())


def test_the_crd_as_shipped_is_good() -> None:
    assert definitions.own_definition(copy.deepcopy(OURS), OURS).level == Level.OK


def test_a_missing_crd_is_told_with_the_command() -> None:
    found = definitions.own_definition(None, OURS)
    assert (found.level, found.message) == (Level.PROBLEM, "not installed")
    assert "kubectl apply" in found.remedy


@pytest.mark.parametrize("change", ["schema", "served", "name"])
def test_a_crd_of_another_version_is_told(change: str) -> None:
    other = copy.deepcopy(OURS)
    version = other["spec"]["versions"][0]
    if change == "schema":
        del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["timeout"]
    else:
        version[change] = {"served": False, "name": "v2"}[change]
    assert definitions.own_definition(other, OURS).level == Level.PROBLEM


def test_without_argo_its_crds_are_named() -> None:
    first = next(iter(definitions.check(lambda name: None, [OURS])))
    assert first.level == Level.PROBLEM
    assert all(name in first.message for name in definitions.ARGO)
