"""Every attack of the corpus is carried out on a real cluster and refused by the layer that must refuse it."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from scripts.lab.errors import LabError

from .box import PREVIEWS, Box
from .conftest import Record
from .corpus import Case, load
from .network import OPEN_NAMESPACE

# Kinds that attacks try to create outside of their namespace, or in the cluster as a whole.
OUTSIDE = [
    "clusterroles", "clusterrolebindings", "customresourcedefinitions", "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations", "namespaces", "persistentvolumes",
]  # fmt: skip
INSIDE = ["configmaps", "secrets", "services", "pods", "deployments", "jobs", "rolebindings", "docsruns", "workflows"]

# What takes minutes is left to `make e2e-isolation`: pods of the pipeline, bombs, what ends by a time limit only, and
# all but the first of what one layer refuses of one kind.
LONG_KINDS = {"agent", "answer", "bomb", "message", "workflow"}
LONG_NAMES = {"chart-hanging-hook", "chart-10000-objects"}


def parameters() -> list[Any]:
    """The cases, the long ones marked."""
    found: list[Any] = []
    seen: set[tuple[str, str]] = set()
    for case in load():
        short = case.kind not in LONG_KINDS and case.name not in LONG_NAMES and (case.kind, case.layer) not in seen
        if short:
            seen.add((case.kind, case.layer))
        found.append(pytest.param(case, id=case.name, marks=[] if short else [pytest.mark.long]))
    return found


def ended(future: Future[Any]) -> Future[Any]:
    """The attack at its end: it may take ten minutes from its turn on, however long a busy machine lets it wait."""
    while not (future.running() or future.done()):
        time.sleep(1)
    future.exception(timeout=600)
    return future


@pytest.mark.parametrize("case", parameters())
def test_is_contained(case: Case, attacks: dict[str, Future[Any]], records: list[Record]) -> None:
    try:
        record: Record = ended(attacks[case.name]).result()
    except (AssertionError, LabError) as error:
        record = Record(case, False, f"the attack could not be carried out: {error}")
    records.append(record)
    assert record.contained, f"{case.about}: expected {case.refused!r} by layer {case.layer}, got: {record.message}"


def test_nothing_is_left_outside(prepared_box: Box, attacks: dict[str, Future[Any]]) -> None:
    """Whatever an attack makes is called `escape`: nothing of that name is anywhere but in the attackers' previews."""
    for future in attacks.values():
        ended(future)
    found = []
    for kind in (*OUTSIDE, *INSIDE):
        for item in prepared_box.kubectl.items(kind, "--all-namespaces"):
            metadata = item["metadata"]
            if metadata["name"].startswith("escape") and not metadata.get("namespace", "").startswith(PREVIEWS):
                found.append(f"{kind} {metadata.get('namespace', '')}/{metadata['name']}")
    assert not found
    assert not Path("/tmp/escape").exists()  # noqa: S108 -- what injected commands would touch


def test_nobody_but_the_control_reached_the_metadata_service(
    prepared_box: Box, attacks: dict[str, Future[Any]], metadata_log: Path
) -> None:
    for future in attacks.values():
        ended(future)
    control = prepared_box.kubectl.get("pod", "peer", f"--namespace={OPEN_NAMESPACE}")
    assert control
    assert set(metadata_log.read_text().split()) <= {control["status"]["podIP"]}
