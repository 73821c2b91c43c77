"""However replicas are mixed, killed and late: the limits hold, one run of a pull request lives, each has its turn."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from implementation_dag.base import moments
from implementation_dag.pull_requests import admission
from implementation_dag.pull_requests.queue import Limits
from tests.unit.pull_requests.crowd import Crowd

HISTORIES = 80
STEPS = 200
LIMITS = [
    Limits(runs=1),
    Limits(runs=3, each=1),
    Limits(each=2),
    Limits(runs=4, each=2, previews=5, takes="each takes 1 of 5"),
]


def happen(crowd: Crowd) -> None:
    """One thing happens; replicas are busier than all others."""
    chance, replica = crowd.chance, crowd.chance.choice(crowd.replicas)
    fate = chance.random()
    if fate < 0.5:
        # Often one goes a long way while the others stand still.
        for _ in range(chance.choice([1, 1, 2, 5, 20])):
            replica.step()
            crowd.check()
    elif fate < 0.72:
        crowd.look(replica)
    elif fate < 0.82:
        crowd.argo(ends=0.5)
    elif fate < 0.89:
        crowd.push(*crowd.any_pull())
    elif fate < 0.91:
        crowd.stop_or_retest(crowd.chance.choice(crowd.previews() or [{"metadata": {"name": ""}}])["metadata"]["name"])
    elif fate < 0.93:
        crowd.submit(*crowd.any_pull())
    elif fate < 0.94:
        crowd.delete_workflow()
    elif fate < 0.96:
        crowd.kill(replica)
    elif fate < 0.98:
        crowd.late_call()
    else:
        crowd.now += timedelta(minutes=chance.choice([1, 20]))


@pytest.mark.parametrize("part", range(len(LIMITS)))
def test_hundreds_of_seeded_histories(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "PAUSE", timedelta(0))
    for seed in range(part * HISTORIES // len(LIMITS), (part + 1) * HISTORIES // len(LIMITS)):
        # A seed has to give the same history again.
        crowd = Crowd(LIMITS[part], random.Random(seed))  # noqa: S311
        monkeypatch.setattr(moments, "now", lambda crowd=crowd: crowd.now)
        try:
            for _ in range(STEPS):
                happen(crowd)
                crowd.check()
            crowd.settle()
        except AssertionError as error:
            raise AssertionError(f"history of seed {seed}: {error}") from error
