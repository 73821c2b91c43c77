"""The attack corpus, read and checked: tests/e2e/isolation/attacks.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[1] / "attacks.yaml"
LAYERS = {
    "arguments", "checkout", "box", "rbac", "admission", "pod-security", "quota", "api-server", "helm", "network",
    "limits", "acceptance", "evidence", "log",
}  # fmt: skip
KINDS = {"argument", "workflow", "chart", "pod", "docsrun", "agent", "connect", "bomb", "answer", "message", "request"}
OPTIONS = {
    "values", "dependencies", "own", "hook", "chartPath", "branch", "target", "wide", "memory", "timeout", "files",
    "from", "holder", "tested",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One attack. `given` is what its kind needs; `options` is what else the corpus says of it."""

    name: str
    about: str
    layer: str
    refused: str
    kind: str
    given: Any
    options: dict[str, Any]


def load(path: Path = FILE) -> list[Case]:
    """Return the cases in the file's order. Raises ValueError that names the case and what is wrong with it."""
    cases = [_case(document) for document in yaml.safe_load(path.read_text())]
    names = [case.name for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"names used twice: {', '.join(sorted(twice))}")
    return cases


def _case(document: dict[str, Any]) -> Case:
    name = document.get("name", "a case without a name")
    if missing := {"name", "about", "layer", "refused"} - document.keys():
        raise ValueError(f"{name}: {', '.join(sorted(missing))} missing")
    kinds = KINDS & document.keys()
    if len(kinds) != 1:
        raise ValueError(f"{name}: must have exactly one of {', '.join(sorted(KINDS))}")
    kind = kinds.pop()
    rest = {key: value for key, value in document.items() if key not in ("name", "about", "layer", "refused", kind)}
    if unknown := rest.keys() - OPTIONS:
        raise ValueError(f"{name}: unknown {', '.join(sorted(unknown))}")
    if document["layer"] not in LAYERS:
        raise ValueError(f"{name}: layer {document['layer']!r}, allowed: {', '.join(sorted(LAYERS))}")
    return Case(name, document["about"], document["layer"], document["refused"], kind, document[kind], rest)
