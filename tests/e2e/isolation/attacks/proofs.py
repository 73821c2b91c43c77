"""That each case fails without its layer: shown once by `make e2e-isolation PROVE=1`, and written to proven.yaml.

A proof counts as long as the definition of its case is what it was when it was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from implementation_dag.base.log import clean
from scripts.lab.errors import LabError

from . import layers, requests
from .box import NEIGHBOUR, SHARED, WIDE, Box
from .corpus import Case

FILE = Path(__file__).parents[1] / "proven.yaml"
HEAD = """\
# Written by `make e2e-isolation PROVE=1`: each attack gets through once the layers `without` are taken out.
#   definition   of the case when that was shown; a changed case has to be shown again
#   without      layers that were taken out together; empty: an allowed measure of the same passed
#   held         what was said with fewer of them taken out
#   message      what the attack said when it got through
"""
KEPT = 120
Runner = Callable[[Box, Case], str]


@dataclass(frozen=True)
class Proof:
    """What came of an attack without its layers; `through` when it got through."""

    case: Case
    through: bool
    without: tuple[str, ...]
    message: str
    held: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """As proven.yaml has it."""
        found = {"definition": self.case.definition, "without": list(self.without)}
        return found | ({"held": list(self.held)} if self.held else {}) | {"message": self.message}


class Indented(yaml.SafeDumper):
    """Lists are indented, as everywhere in this repository."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never without an indent."""
        super().increase_indent(flow, False)


def proven(cases: Sequence[Case], path: Path = FILE) -> set[str]:
    """Names of the cases that were shown to fail without their layer, as they are defined now."""
    known = yaml.safe_load(path.read_text()) if path.exists() else {}
    return {case.name for case in cases if (known or {}).get(case.name, {}).get("definition") == case.definition}


def write(found: Sequence[Proof], cases: Sequence[Case], path: Path = FILE) -> None:
    """Add what got through; drop what was shown of cases that are gone, changed or did not get through now."""
    known = (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
    known = {name: known[name] for name in proven(cases, path)}
    for proof in found:
        known.pop(proof.case.name, None)
        if proof.through:
            known[proof.case.name] = proof.document
    text = yaml.dump(known, Dumper=Indented, allow_unicode=False, width=100)
    path.write_text(HEAD + text)


def prove(box: Box, cases: Sequence[Case], runners: dict[str, Runner], at_once: int) -> Iterator[Proof]:
    """Take out one layer more in each round, until each case got through or has no more to take out."""
    held: dict[str, tuple[str, ...]] = {case.name: () for case in cases}
    waiting, number = list(cases), 0
    while waiting:
        number += 1
        groups: dict[frozenset[str], list[Case]] = {}
        for case in waiting:
            groups.setdefault(frozenset(case.without[:number]) & layers.OF_THE_INSTALLATION, []).append(case)
        waiting = []
        for out, group in groups.items():
            with out_of_installation(box, out), ThreadPoolExecutor(at_once) as pool:
                tries = [pool.submit(attempt, box, case, case.without[:number], runners[case.kind]) for case in group]
                for case, future in zip(group, tries, strict=True):
                    through, message = future.result()
                    if through or number >= len(case.without):
                        yield Proof(case, through, case.without[:number], message, held[case.name])
                    else:
                        held[case.name] += (message,)
                        waiting.append(case)


def out_of_installation(box: Box, out: frozenset[str]) -> Any:
    """Take these layers out of release and shared previews while the block runs."""
    namespaces = {box.namespace, *(f"impl-pr-{pr}" for pr in (SHARED, NEIGHBOUR, WIDE))}
    return layers.out_of_installation(box.hands, namespaces, out)


def forget(box: Box, namespace: str) -> None:
    """Delete the preview, and what an attacker's finalizers would keep of it."""
    box.kubectl.run("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")
    for kind in ("configmaps", "pods"):
        for item in box.kubectl.items(kind, f"--namespace={namespace}"):
            if any(name.startswith("evil.") for name in item["metadata"].get("finalizers", [])):
                patch = '--patch={"metadata":{"finalizers":null}}'
                where = (item["metadata"]["name"], f"--namespace={namespace}")
                box.kubectl.run("patch", kind, *where, "--type=merge", patch)


def measured(case: Case) -> Case:
    """The case in the measure that is allowed, if it says one, in a preview of its own: what is let in stays there."""
    if case.allowed is None:
        return case
    if isinstance(case.allowed, dict) and case.allowed.keys() == {"given", "options"}:
        case = replace(case, allowed=case.allowed["given"], options=case.allowed["options"])
    return replace(case, given=case.allowed, options=case.options | {"own": True})


def attempt(box: Box, case: Case, without: tuple[str, ...], runner: Runner) -> tuple[bool, str]:
    """Carry the attack out without these layers; whether it got through, and what it said, fit to be kept."""
    if not case.through:
        return False, "the case does not say how it would be known that it got through (`through`)"
    tried = measured(case)
    open_box = replace(box, without=frozenset(without), own=[])
    try:
        message = runner(open_box, tried)
    except (AssertionError, LabError) as error:
        return False, clean(f"could not be carried out: {error}")[:KEPT]
    finally:
        for pr in open_box.own:
            forget(box, f"impl-pr-{pr}")
    found = re.search(requests.named(box, case.through), message, re.DOTALL)
    if found is None:
        return False, clean(message if len(message) <= KEPT else f"{message[: KEPT // 2]} ... {message[-KEPT // 2 :]}")
    # What shows it, wherever in the message it stands.
    start = max(0, found.start() - 20)
    return True, clean(message[start : start + KEPT]).strip()
