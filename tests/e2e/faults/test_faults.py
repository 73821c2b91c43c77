"""Whatever strikes a run, wherever it is: nothing is left, nothing is lost, and what is told is so."""

from __future__ import annotations

import pytest

from tests.e2e.faults.cases import Case, selected
from tests.e2e.faults.matrix import Matrix


# Four cases that leaked once take longer than the main path of a capability may.
@pytest.mark.long
@pytest.mark.parametrize("case", selected(), ids=lambda case: case.name)
def test_nothing_leaks_and_nothing_is_lost(struck: Matrix, case: Case) -> None:
    found = struck.result(case)
    replay = f"make e2e-faults SEED={case.seed} CASE={found.wave or case.name}"
    assert not found.fault_of_test, f"{found.fault_of_test}\nreplay: {replay}"
    assert not found.violations, f"#{found.pull_request} at {found.stage}: {found.violations}\nreplay: {replay}"
