"""A run costs what its pods asked for, times how long they ran."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.cost import Cost, Prices, Usage, money, of_pods, of_resources, of_spec, read

PODS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)))


def pod(cpu: Any, memory: Any, kind: str = "Pod") -> dict[str, Any]:
    return {"type": kind, "resourcesDuration": {"cpu": cpu, "memory": memory}}


def test_a_processor_and_a_gibibyte_for_an_hour() -> None:
    # Argo's unit of memory is 100 MiB: 1024 of 100 of them are a GiB.
    usage = of_pods([pod(3600, 36864), pod(1800, 0)])
    assert usage == Usage(1.5, 1.0)
    assert Prices(0.04, 0.005, "EUR").of(usage, Usage(0.5, 0.2)) == Cost(0.065, 0.021, "EUR")


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


@pytest.mark.parametrize(("cpu", "memory", "amount"), [(0, 0, None), (1, 0, 2.0), (0, 1, 3.0)])
def test_without_prices_there_is_no_cost(cpu: float, memory: float, amount: float | None) -> None:
    found = Prices(cpu, memory, "USD").of(Usage(2.0, 3.0), Usage())
    assert (found and found.amount) == amount


def test_a_pod_uses_what_its_containers_and_sidecars_ask_for() -> None:
    asks = {"requests": {"cpu": "250m", "memory": "512Mi"}}
    spec = {
        "initContainers": [{"resources": asks}, {"resources": asks, "restartPolicy": "Always"}],
        # Without a request the limit is one, as for Kubernetes.
        "containers": [{"resources": asks}, {"resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}, {}],
    }
    assert of_spec(spec) == Usage(1.5, 2.0)
    assert of_spec(spec).held(1800) == Usage(0.75, 1.0)


@pytest.mark.parametrize("odd", [None, "", "x", "1GiB", [], {}])
def test_what_is_no_quantity_uses_nothing(odd: Any) -> None:
    assert of_resources({"requests": {"cpu": odd, "memory": odd}}) == Usage()


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_costs_are_read_as_they_were_written(amount: float, hourly: float) -> None:
    found = Cost(amount, hourly, "EUR")
    assert read(found.written()) == found


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "{}", json.dumps({"amount": -1, "preview_hourly": 0, "currency": "EUR"}), "[" * 100_000]
    + [
        f'{{"amount": {odd}, "preview_hourly": 0, "currency": "EUR"}}'
        for odd in ("NaN", "Infinity", '"1"', "null", "[]")
    ]
    + ['{"amount": 1, "preview_hourly": 0, "currency": 1}', '{"amount": 1, "currency": "EUR", "x": 1}'],
)
def test_what_is_no_cost_is_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0.00 EUR"), (0.000123, "0.00012 EUR"), (0.0123, "0.012 EUR"), (0.5, "0.50 EUR"), (1234.5, "1234.50 EUR")],
)
def test_money_in_words(amount: float, words: str) -> None:
    assert money(amount, "EUR") == words
    assert str(Cost(amount, 0.0, "EUR")) == words
    assert str(Cost(amount, 0.02, "EUR")) == f"{words}, its preview 0.020 EUR an hour"
