"""Whatever fails, and whenever: one run at most, nothing taken away without a proof, nothing left, nothing lost."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

import pytest

from .history import History

ONE = os.environ.get("SEED")
FIRST, MOST = int(os.environ.get("FIRST") or 0), int(os.environ.get("SEEDS") or 2000)
SEEDS = [int(ONE)] if ONE else range(FIRST, FIRST + MOST)
# Played twice, with others between.
AGAIN = [int(ONE)] * 2 if ONE else [3, 14, 15, 92, 65]
STEPS = 24
Begin = Callable[[int, bool], History]


def play(seed: int, begin: Begin, remembers: bool = True) -> list[str]:
    """Play the history of a seed, and return all that went over its wires."""
    history = begin(seed, remembers)
    try:
        for _ in range(STEPS):
            history.goes(history.chance.choice(history.replicas))
        history.settle()
    except AssertionError as error:
        pytest.fail("\n".join([f"seed {seed}: {error}", *history.told, f"make simulate SEED={seed} plays it again"]))
    finally:
        history.most_faults = 0
        history.delete_preview()
        history.cluster.clear()
    return history.trace


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history(seed: int, begin: Begin, record_property: Callable[[str, object], None]) -> None:
    trace = "\n".join(play(seed, begin))
    # Two reports can be compared: whenever and wherever it was played.
    record_property("trace", hashlib.sha256(trace.encode()).hexdigest())


def test_each_play_of_a_seed_is_the_same(begin: Begin) -> None:
    """Also where each question is asked anew."""
    once = [play(seed, begin) for seed in AGAIN]
    for seed, trace in zip(AGAIN, once, strict=True):
        assert play(seed, begin, remembers=False) == trace, f"seed {seed}"
