"""The admission policies on a real API server, one request at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from idag.render.manifests import Object
from implementation_dag.base import wait
from scripts.lab.kubectl import Kubectl

from .cases import CASES, IDS, ask, judge
from .expressions import faults
from .previews import RELEASE, apply


@pytest.mark.parametrize(("stem", "case"), CASES, ids=IDS)
def test_case(kubectl: Kubectl, waiting: None, stem: str, case: dict[str, Any]) -> None:
    judge(case, ask(kubectl, case))


def test_no_expression_has_a_fault(kubectl: Kubectl, previews: None) -> None:
    found = faults(kubectl)
    assert found
    assert not {name: warnings for name, warnings in found.items() if warnings}


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
TOLD = "pod bound: gracePeriodSeconds {} would keep the preview from going, at most 120"


@pytest.mark.parametrize(("grace", "refused"), [(None, ""), (0, ""), (120, ""), (121, TOLD), (31536000, TOLD)])
def test_a_deletion_ends_in_time(kubectl: Kubectl, previews: None, grace: int | None, refused: str) -> None:
    apply(kubectl, "administrator", [BOUND])
    case = {"as": "deployer", "delete": {"kind": "pod", "name": "bound", "namespace": "impl-isolation-pr-1"}}
    found = ask(kubectl, case | ({} if grace is None else {"grace": grace}))
    assert refused.format(grace) in found
    assert bool(refused) == bool(found)


def test_what_was_let_in_with_a_longer_grace_can_still_go(
    kubectl: Kubectl, previews: None, objects: list[Object]
) -> None:
    """A pod of before the policies, or of while they only warned: the namespace's removal must not be stopped."""
    name = f"{RELEASE}-pods"
    (binding,) = [
        dict(item)
        for item in objects
        if item["kind"] == "ValidatingAdmissionPolicyBinding" and item["metadata"]["name"] == name
    ]
    metadata = BOUND["metadata"] | {"name": "patient"}
    patient = BOUND | {"metadata": metadata, "spec": BOUND["spec"] | {"terminationGracePeriodSeconds": 600}}
    warning = binding | {"spec": binding["spec"] | {"validationActions": ["Warn"]}}
    probe = {"as": "administrator", "create": patient | {"metadata": metadata | {"name": "probe"}}}
    apply(kubectl, "administrator", [warning], "--force-conflicts")
    try:
        until(lambda: not ask(kubectl, probe))
        apply(kubectl, "administrator", [patient])
    finally:
        apply(kubectl, "administrator", [binding], "--force-conflicts")
        until(lambda: bool(ask(kubectl, probe)))
    case = {"as": "deployer", "delete": {"kind": "pod", "name": "patient", "namespace": metadata["namespace"]}}
    assert ask(kubectl, case) == ""
    assert "gracePeriodSeconds 601 would keep" in ask(kubectl, case | {"grace": 601})


def until(holds: Callable[[], bool]) -> None:
    """Wait until the API server goes by the changed binding."""
    assert wait.until(holds, 30, 0.3), "the changed binding is not in force"
