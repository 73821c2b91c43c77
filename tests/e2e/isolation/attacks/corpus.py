"""The attack corpus, read and checked: tests/e2e/isolation/attacks.yaml."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[1] / "attacks.yaml"
LAYERS = {
    "arguments", "checkout", "box", "rbac", "admission", "pod-security", "quota", "api-server", "helm", "network",
    "limits", "acceptance", "evidence", "log", "repository",
}  # fmt: skip
# How a kind's attack is known to have got through, where the case does not say it itself; these kinds must.
THROUGH = {
    "argument": "^exit code 0, names were computed",
    "workflow": "^set-params Succeeded",
    # What is installed and not reachable is there all the same.
    "chart": "^(Completed|NotReachable|AnsweredBadly)",
    "pod": "^(Completed|NotReachable|AnsweredBadly)",
    "docsrun": "^(Completed|NotReachable|AnsweredBadly)",
    "connect": "^open$",
    "agent": "",
    "bomb": "",
    "answer": "",
    "message": "",
    "request": "^let in:",
}
KINDS = THROUGH.keys()
OPTIONS = {
    "values", "dependencies", "own", "hook", "beside", "chartPath", "branch", "target", "wide", "memory", "timeout",
    "files", "from", "holder", "tested", "repository",
}  # fmt: skip
PROOF = ("without", "through", "allowed")


@dataclass(frozen=True)
class Case:
    """One attack. `given` is what its kind needs; `options` is what else the corpus says of it.

    It gets through, as `through` tells, when the layers `without` are taken out together; where a layer cannot
    be, when it is given `allowed`, the same in an allowed measure.
    """

    name: str
    about: str
    layer: str
    refused: str
    kind: str
    given: Any
    options: dict[str, Any]
    without: tuple[str, ...] = ()
    through: str = ""
    allowed: Any = None
    definition: str = field(default="", compare=False)


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
    kind, layer = kinds.pop(), document["layer"]
    known = ("name", "about", "layer", "refused", kind, *PROOF)
    rest = {key: value for key, value in document.items() if key not in known}
    if unknown := rest.keys() - OPTIONS:
        raise ValueError(f"{name}: unknown {', '.join(sorted(unknown))}")
    without = tuple(document.get("without", [] if "allowed" in document else [layer]))
    for one in (layer, *without):
        if one not in LAYERS:
            raise ValueError(f"{name}: layer {one!r}, allowed: {', '.join(sorted(LAYERS))}")
    if without and without[0] != layer:
        raise ValueError(f"{name}: `without` must begin with the case's own layer {layer!r}, not {without[0]!r}")
    through = document.get("through", THROUGH[kind])
    said = {key: value for key, value in document.items() if key != "about"}
    definition = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]
    return Case(
        name, document["about"], layer, document["refused"], kind, document[kind], rest,
        without, through, document.get("allowed"), definition,
    )  # fmt: skip
