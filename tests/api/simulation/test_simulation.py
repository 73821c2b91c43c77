"""Whatever fails, and whenever: one run at most, nothing taken away without a proof, nothing left, nothing lost."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from .history import History

ONE = os.environ.get("SEED")
SEEDS = [int(ONE)] if ONE else range(int(os.environ.get("SEEDS") or 2000))
STEPS = 24


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history(seed: int, begin: Callable[[int], History]) -> None:
    history = begin(seed)
    try:
        for _ in range(STEPS):
            history.goes()
        history.settle()
    except AssertionError as error:
        pytest.fail("\n".join([f"seed {seed}: {error}", *history.told]))
    finally:
        history.most_faults = 0
        history.delete_preview()
        history.cluster.clear()
