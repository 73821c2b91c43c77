"""Of one pull request's runs one goes on, whoever submits them: what Argo makes of the template's lock."""

from __future__ import annotations

import time

import pytest

from implementation_dag.pull_requests import objects

from .runs import Controller, Object, Runs

LOCK = "isolation-policies/Mutex/isolation-policies"


def held(status: Object) -> list[str]:
    """The locks that a run holds."""
    return [each["mutex"] for each in status.get("synchronization", {}).get("mutex", {}).get("holding", [])]


def test_a_second_run_waits_and_its_time_counts_from_its_own_start(runs: Runs) -> None:
    first = runs.submit()
    assert held(runs.until(first, "Running")) == [f"{LOCK}.acme.shop.pr-7"]
    second = runs.submit(owner="ACME", repo="Shop")
    waiting = runs.until(second, "Pending")
    assert objects.workflow(runs.item(second)).waits_for == first
    assert "acme.shop.pr-7" in waiting["message"]
    assert "startedAt" not in waiting
    # Another pull request does not wait.
    runs.until(runs.submit(pr="8"), "Running")
    runs.delete(first)
    begun = runs.until(second, "Running")
    assert begun["startedAt"] > waiting.get("startedAt", "")
    assert objects.workflow(runs.item(second)).waits_for == ""


def test_a_lock_outlives_argo_s_controller_and_not_its_holder(runs: Runs, argo: Controller) -> None:
    first = runs.submit()
    runs.until(first, "Running")
    argo.kill()
    second = runs.submit()
    # Argo takes them by the second in which they were made.
    time.sleep(1.1)
    third = runs.submit()
    argo.start()
    for name in (second, third):
        runs.until(name, "Pending")
    assert held(runs.status(first))
    runs.shut(first, "Terminate")
    runs.until(first, "Failed")
    runs.until(second, "Running")
    argo.kill()
    # Nobody tells the lock's keeper.
    runs.delete(second)
    argo.start()
    runs.until(third, "Running")


def test_one_that_is_terminated_while_it_waits_never_passed(runs: Runs) -> None:
    runs.until(runs.submit(), "Running")
    second = runs.submit()
    runs.until(second, "Pending")
    runs.shut(second, "Terminate")
    runs.until(second, *objects.OVER)
    found = objects.workflow(runs.item(second))
    assert found.over and not found.good


@pytest.mark.parametrize(
    "bad",
    [
        {"pr": "{{=1/0}}"},
        {"pr": "{{workflow.uid}}"},
        {"owner": "a/b"},
        {"owner": "acme.shop", "repo": "x"},
        {"repo": "x'); workflow.uid; ('"},
        {"repo": '"}} {{=sprig.env("HOME")}}'},
        {"owner": ""},
    ],
)
def test_what_names_no_pull_request_waits_for_nobody(runs: Runs, bad: dict[str, str]) -> None:
    """Its first step says what is wrong with it."""
    for name in (runs.submit(**bad), runs.submit(**bad)):
        assert held(runs.until(name, "Running")) == [f"{LOCK}.{name}"]
