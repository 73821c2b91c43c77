"""Every validation of a policy is needed: without it one of its cases is let in, or refused for another reason."""

from __future__ import annotations

import copy
import re
import time
from collections import defaultdict
from typing import Any

import pytest

from idag.render.manifests import Object
from scripts.lab.kubectl import Kubectl

from .cases import CASES, IDS, ask
from .previews import RELEASE, apply

REFUSED = {name: case for name, (_, case) in zip(IDS, CASES, strict=True) if "refused" in case}
ELSEWHERE = (
    # The API server drops what this looks at unless a feature is switched on.
    "a projected volume may hold",
    # test_a_deletion_ends_in_time: a case cannot make the pod that is bound to a node.
    "gracePeriodSeconds",
    # Policy namespaces lets nobody make one that has the release's label without the others.
    "the reaper may not delete it",
)
SECONDS_UNTIL_IN_FORCE = 2.5


def answers(kubectl: Kubectl, names: list[str]) -> dict[str, str]:
    return {name: ask(kubectl, REFUSED[name]) for name in names}


@pytest.mark.long
def test_every_validation_refuses_something(kubectl: Kubectl, waiting: None, objects: list[Object]) -> None:
    policies = [dict(item) for item in objects if item["kind"] == "ValidatingAdmissionPolicy"]
    unproven = []
    by_policy: dict[str, list[str]] = defaultdict(list)
    for name, words in answers(kubectl, list(REFUSED)).items():
        for policy in re.findall(r"ValidatingAdmissionPolicy '([^']+)'", words):
            by_policy[policy].append(name)
    for item in policies:
        name = item["metadata"]["name"]
        for number, validation in enumerate(item["spec"]["validations"]):
            if any(words in validation["messageExpression"] for words in ELSEWHERE):
                continue
            apply(kubectl, "administrator", [without(item, number)], "--force-conflicts")
            time.sleep(SECONDS_UNTIL_IN_FORCE)
            found = answers(kubectl, by_policy[name])
            if all(re.search(REFUSED[case]["refused"], words) for case, words in found.items()):
                unproven.append(f"{name.removeprefix(RELEASE)[1:]}: {validation['expression'][:120]}")
        apply(kubectl, "administrator", [item], "--force-conflicts")
    assert not unproven, "\n".join(unproven)


def without(policy: dict[str, Any], number: int) -> dict[str, Any]:
    """The policy with one validation that always holds."""
    changed = copy.deepcopy(policy)
    changed["spec"]["validations"][number]["expression"] = "true"
    return changed
