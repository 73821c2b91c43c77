"""The cases of this run, struck side by side, and the summary of them, which is written whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from scripts.lab.stand.session import Session
from tests.e2e.faults.cases import Case
from tests.e2e.faults.ground import ground
from tests.e2e.faults.matrix import Matrix

ONLY_TEST = "test_nothing_leaks_and_nothing_is_lost"
SUMMARY = Path("out") / "faults" / "summary.json"


@pytest.fixture(scope="module")
def struck(request: pytest.FixtureRequest, session: Session) -> Iterator[Matrix]:
    """All selected cases, begun at once."""
    items = [
        item for item in request.session.items if isinstance(item, pytest.Function) and "case" in item.fixturenames
    ]
    cases = [cast(Case, item.callspec.params["case"]) for item in items]
    disk = any(case.fault == "fill-s3" for case in cases)
    with ground(session, own_disk=disk) as found, Matrix(found, cases, SUMMARY) as running:
        yield running
