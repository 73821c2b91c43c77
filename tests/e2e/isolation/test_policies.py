"""The admission policies on the whole cluster: the cases, and that the expressions fit what they match."""

from __future__ import annotations

import time
from typing import Any

import pytest

from scripts.demo.kubectl import Kubectl
from tests.api.cases import CASES, IDS, ask, judge

from .conftest import RELEASE


@pytest.mark.parametrize(("stem", "case"), CASES, ids=IDS)
def test_case(kubectl: Kubectl, previews: None, stem: str, case: dict[str, Any]) -> None:
    judge(case, ask(kubectl, case))


def test_no_expression_has_a_fault(kubectl: Kubectl, previews: None) -> None:
    """The API server checks the expressions against the schemas of what they match, and notes what is wrong."""
    deadline = time.monotonic() + 30
    while unchecked := [item for item in policies(kubectl) if "observedGeneration" not in item.get("status", {})]:
        assert time.monotonic() < deadline, f"not looked at yet: {[item['metadata']['name'] for item in unchecked]}"
        time.sleep(1)
    faults = {
        policy["metadata"]["name"]: policy["status"].get("typeChecking", {}).get("expressionWarnings")
        for policy in policies(kubectl)
    }
    assert len(faults) == 18
    assert not {name: found for name, found in faults.items() if found}


def policies(kubectl: Kubectl) -> list[dict[str, Any]]:
    return kubectl.items("validatingadmissionpolicies", f"--selector=app.kubernetes.io/instance={RELEASE}")
