"""The admission policies, asked one request at a time: policies/cases says what is let in and what is refused, and why.

Every request is a server-side dry run by an impersonated identity to whom RBAC allows everything, so what is refused
here is refused by admission alone.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.demo.errors import DemoError
from scripts.demo.kubectl import Kubectl

from .conftest import RELEASE, ROOT, all_rights

FOLDER = ROOT / "policies" / "cases"
CASES = [(path, case) for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]


def ask(kubectl: Kubectl, case: dict[str, Any]) -> str:
    """Return why the request was refused, empty when it was let in."""
    flags = [*all_rights(case["as"]), "--dry-run=server"]
    try:
        if "create" in case:
            kubectl.run("create", "--filename=-", *flags, stdin=json.dumps(case["create"]))
        else:
            verb = "patch" if "patch" in case else "delete"
            target = case[verb]
            flags += [f"--{key}={target[key]}" for key in ("namespace", "subresource") if key in target]
            flags += ["--type=merge", f"--patch={json.dumps(case['with'])}"] if verb == "patch" else ["--wait=false"]
            kubectl.run(verb, target["kind"], target["name"], *flags)
    except DemoError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("path", "case"), CASES, ids=[f"{path.stem}: {case['name']}" for path, case in CASES])
def test_case(kubectl: Kubectl, previews: None, path: Path, case: dict[str, Any]) -> None:
    found = ask(kubectl, case)
    if "refused" in case:
        assert re.search(case["refused"], found), f"expected a refusal with {case['refused']!r}, got {found!r}"
    else:
        assert found == ""


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
    assert len(faults) == 11
    assert not {name: found for name, found in faults.items() if found}


def policies(kubectl: Kubectl) -> list[dict[str, Any]]:
    return kubectl.items("validatingadmissionpolicies", f"--selector=app.kubernetes.io/instance={RELEASE}")
