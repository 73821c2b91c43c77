"""A run costs what its pods asked for, times how long they ran."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.cost import Prices, Usage, of_pods

PODS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)))


def pod(cpu: Any, memory: Any, kind: str = "Pod") -> dict[str, Any]:
    return {"type": kind, "resourcesDuration": {"cpu": cpu, "memory": memory}}


def test_a_processor_and_a_gibibyte_for_an_hour() -> None:
    # Argo's unit of memory is 100 MiB: 1024 of 100 of them are a GiB.
    usage = of_pods([pod(3600, 36864), pod(1800, 0)])
    assert usage == Usage(1.5, 1.0)
    assert Prices(0.04, 0.005, "EUR").of(usage) == pytest.approx(0.065)


@given(PODS, PODS)
def test_runs_add_up(some: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    both, each = (
        of_pods([pod(*one) for one in some + more]),
        [of_pods([pod(*one) for one in part]) for part in (some, more)],
    )
    assert (both.core_hours, both.gib_hours) == pytest.approx(
        (sum(one.core_hours for one in each), sum(one.gib_hours for one in each))
    )


@pytest.mark.parametrize("kind", ["Steps", "DAG", "Retry", "StepGroup"])
def test_what_repeats_its_pods_is_not_counted_twice(kind: str) -> None:
    assert of_pods([pod(3600, 0), pod(3600, 0, kind)]) == Usage(1.0, 0.0)


@pytest.mark.parametrize("odd", [None, "5", -1, True, 1.5, 10**30])
def test_what_is_no_count_counts_nothing(odd: Any) -> None:
    assert of_pods([pod(odd, odd), {"type": "Pod"}, {}]) == Usage()


@pytest.mark.parametrize(("cpu", "memory", "cost"), [(0, 0, None), (1, 0, 2.0), (0, 1, 3.0)])
def test_without_prices_there_is_no_cost(cpu: float, memory: float, cost: float | None) -> None:
    assert Prices(cpu, memory, "USD").of(Usage(2.0, 3.0)) == cost
