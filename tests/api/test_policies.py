"""The admission policies on a real API server, one request at a time."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.demo.kubectl import Kubectl

from .cases import CASES, IDS, ask, judge
from .previews import apply


@pytest.mark.parametrize(("stem", "case"), CASES, ids=IDS)
def test_case(kubectl: Kubectl, previews: None, stem: str, case: dict[str, Any]) -> None:
    judge(case, ask(kubectl, case))


BOUND: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bound", "namespace": "impl-isolation-pr-1"},
    "spec": {
        # The grace of a pod that no node has is none, whatever a deletion names.
        "nodeName": "a-node",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "bound",
                "image": "example.com/bound:1",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}
TOLD = "pod bound: gracePeriodSeconds {} would keep the preview from going, at most 60"


@pytest.mark.parametrize(("grace", "refused"), [(None, ""), (0, ""), (60, ""), (61, TOLD), (31536000, TOLD)])
def test_a_deletion_ends_in_time(kubectl: Kubectl, previews: None, grace: int | None, refused: str) -> None:
    apply(kubectl, "administrator", [BOUND])
    case = {"as": "deployer", "delete": {"kind": "pod", "name": "bound", "namespace": "impl-isolation-pr-1"}}
    found = ask(kubectl, case | ({} if grace is None else {"grace": grace}))
    assert refused.format(grace) in found
    assert bool(refused) == bool(found)
