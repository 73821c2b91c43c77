"""What the forge refuses for one pull request is tried again later and later, and holds no other up."""

from __future__ import annotations

from implementation_dag.forge.errors import Refused, Unavailable
from implementation_dag.pull_requests.patience import LONGEST_PAUSE_SECONDS, Pauses

NO = Refused("403")


def test_each_refusal_lets_it_wait_longer_up_to_a_limit() -> None:
    now = [0.0]
    pauses = Pauses(lambda: now[0])
    waited = []
    for _ in range(10):
        pauses.refused("one", NO)
        began = now[0]
        while pauses.waits("one"):
            now[0] += 1
        waited.append(now[0] - began)
    assert waited[:3] == [2, 4, 8]
    assert waited[-1] == LONGEST_PAUSE_SECONDS


def test_others_do_not_wait_and_a_success_forgets() -> None:
    pauses = Pauses(lambda: 0.0)
    pauses.refused("one", NO)
    assert pauses.waits("one") and not pauses.waits("two")
    pauses.done("one")
    assert not pauses.waits("one")


def test_a_forge_that_does_not_answer_refuses_nothing() -> None:
    pauses = Pauses(lambda: 0.0)
    assert not pauses.refused("one", Unavailable("503"))
    assert not pauses.waits("one")
    assert pauses.refused("one", NO)
