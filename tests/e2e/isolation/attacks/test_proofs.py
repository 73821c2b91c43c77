"""Each attack gets through once its layer is taken out: that is what contains it.

PROVE=1 shows it of all, PROVE=missing of those that proven.yaml does not have as they are defined now. Nobody else may
use the cluster meanwhile: layers are taken out of the whole installation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import proofs
from .box import Box
from .conftest import AT_ONCE, RUNNERS
from .corpus import Case, load

WANTED = os.environ.get("PROVE", "")
pytestmark = [pytest.mark.long, pytest.mark.skipif(WANTED not in ("1", "missing"), reason="PROVE=1 shows it")]
CASES = load()
SHOWN = proofs.proven(CASES) if WANTED == "missing" else set()
FORGOTTEN = "clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations"
FORGOTTEN += ",customresourcedefinitions,namespaces,persistentvolumes"


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, prepared_box: Box, metadata_log: Path) -> Iterator[dict[str, proofs.Proof]]:
    """All proofs that this run selected; added to proven.yaml as they come."""
    parameters = [
        getattr(getattr(item, "callspec", None), "params", {}).get("proof_of") for item in request.session.items
    ]
    wanted = [case for case in parameters if isinstance(case, Case)]
    shown: dict[str, proofs.Proof] = {}
    try:
        for proof in proofs.prove(prepared_box, wanted, RUNNERS, AT_ONCE):
            print(
                f"\n{'through' if proof.through else 'HELD'} {proof.case.name} without {proof.without}: {proof.message}"
            )
            shown[proof.case.name] = proof
            proofs.write([proof], CASES)
        yield shown
    finally:
        remove_what_got_through(prepared_box)


def remove_what_got_through(box: Box) -> None:
    """Whatever an attack makes is called `escape`: in the cluster as a whole, and in the release namespace."""
    for kind in FORGOTTEN.split(","):
        for item in box.kubectl.items(kind):
            if item["metadata"]["name"].startswith("escape"):
                box.kubectl.run("delete", kind, item["metadata"]["name"], "--wait=false")
    for kind in ("configmaps", "secrets", "docsruns", "workflows", "pods"):
        for item in box.kubectl.items(kind, f"--namespace={box.namespace}"):
            if item["metadata"]["name"].startswith("escape"):
                place = f"--namespace={box.namespace}"
                box.kubectl.run("delete", kind, item["metadata"]["name"], place, "--wait=false")


@pytest.mark.parametrize("proof_of", [pytest.param(case, id=case.name) for case in CASES if case.name not in SHOWN])
def test_gets_through_without_its_layer(proof_of: Case, found: dict[str, proofs.Proof]) -> None:
    proof = found[proof_of.name]
    assert proof.through, f"{proof_of.about}: held without {', '.join(proof.without)}: {proof.held} {proof.message}"
