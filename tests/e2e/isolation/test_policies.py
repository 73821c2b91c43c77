"""The admission policies on the whole cluster: the cases, and that the expressions fit what they match."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.lab.kubectl import Kubectl
from tests.api.cases import CASES, IDS, ask, judge
from tests.api.expressions import faults


@pytest.mark.parametrize(("stem", "case"), CASES, ids=IDS)
def test_case(kubectl: Kubectl, previews: None, stem: str, case: dict[str, Any]) -> None:
    judge(case, ask(kubectl, case))


def test_no_expression_has_a_fault(kubectl: Kubectl, previews: None) -> None:
    """The types of Argo's and the gateways' objects are known here."""
    found = faults(kubectl)
    assert found
    assert not {name: warnings for name, warnings in found.items() if warnings}
