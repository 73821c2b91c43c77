"""policies/cases: requests that are let in and requests that are refused, with the words of the refusal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from scripts.lab.kubectl import Kubectl

from .previews import IDENTITIES
from .requests import server

FOLDER = Path(__file__).resolve().parents[2] / "policies" / "cases"
CASES = [(path.stem, case) for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]
IDS = [f"{stem}: {case['name']}" for stem, case in CASES]


def ask(kubectl: Kubectl, case: dict[str, Any]) -> str:
    """Return why the request was refused, empty when it was let in.

    It is a server-side dry run by an impersonated identity to whom RBAC allows everything: admission alone refuses.
    """
    user = IDENTITIES.get(case["as"], case["as"])
    if "create" in case:
        return server(kubectl).create(user, filled(case["create"]))
    if "patch" in case:
        return server(kubectl).patch(user, case["patch"], filled(case["with"]))
    return server(kubectl).delete(user, case["delete"], case.get("grace"))


def filled(document: Any) -> Any:
    """The document with each {repeat, times} written out."""
    if isinstance(document, dict):
        if document.keys() == {"repeat", "times"}:
            return document["repeat"] * document["times"]
        return {key: filled(value) for key, value in document.items()}
    return [filled(item) for item in document] if isinstance(document, list) else document


def judge(case: dict[str, Any], found: str) -> None:
    """Assert that the request was refused in the words of the case, or let in."""
    if "refused" in case:
        assert re.search(case["refused"], found), f"expected a refusal with {case['refused']!r}, got {found!r}"
    else:
        assert found == ""
