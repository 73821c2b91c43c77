"""What is expected of runs, of some that are known."""

from __future__ import annotations

from typing import Any

from implementation_dag.base import moments
from scripts.lab.monitoring.expected import of_now, of_runs
from tests.api.pull_requests.argo import nodes

Object = dict[str, Any]


def run(number: int, phase: str, **more: str) -> Object:
    times = {"started": f"2026-01-01T00:0{number}:00Z", "ended": f"2026-01-01T00:0{number}:30Z"}
    return {"name": f"run-{number}", "number": number, "kind": "test", "phase": phase, **times, **more}


def preview(*runs: Object, phase: str = "Ready") -> Object:
    newest, *history = reversed(runs)
    spec = {"owner": "Acme", "repo": "shop", "number": 7}
    return {
        "metadata": {"name": "acme-shop-7"},
        "spec": spec,
        "status": {"phase": phase, "run": newest, "history": history},
    }


def workflow(name: str, phase: str) -> Object:
    return {"metadata": {"name": name}, "status": {"phase": phase, "nodes": nodes(name, phase)}}


def answers(previews: list[Object], **workflows: Object) -> Object:
    found: Object = {}
    named = {key.replace("_", "-"): value for key, value in workflows.items()}
    for each in (*of_runs(previews, named, "x/y"), *of_now(previews, named, "x/y")):
        assert 'job="x/y"' in each.expr
        found.setdefault(each.metric, []).append({key: value for key, value in each.values.items() if value})
    return found


def test_results_times_and_what_was_mended() -> None:
    runs = [run(1, "Failed"), run(2, "Failed", cause="superseded"), run(3, "Succeeded"), run(4, "Lost")]
    found = answers([preview(*runs)], run_1=workflow("run-1", "Failed"), run_3=workflow("run-3", "Succeeded"))
    assert found["runs_total"] == [
        {("acme/shop", result): 1 for result in ("failure", "cancellation", "success", "error")}
    ]
    assert found["time_to_mend_seconds"] == [{(): 1}, {(): 120}]
    assert found["push_to_verdict_seconds"] == [{("success",): 1, ("failure",): 1}]
    assert found["acceptance_requests_total"] == [{("acme/shop", "success"): 9, ("acme/shop", "failure"): 1}]
    assert found["stage_results_total"][0]["qa-testing", "failure", "acme/shop"] == 1
    assert found["stage_results_total"][0]["deploy", "skip", "acme/shop"] == 1
    assert found["previews"] == [{("Ready",): 1}]
    assert found["run_cost_total"] == [{("acme/shop",): 1.0}]
    # The run that was lost last said nothing.
    assert found["preview_cost_hourly"] == [{}]
    assert found["cicd_pipeline_run_active"] == [{}]


def test_what_stands_costs_what_its_newest_run_said() -> None:
    runs = [run(1, "Succeeded"), run(2, "Succeeded")]
    known = {f"run_{number}": workflow(f"run-{number}", "Succeeded") for number in (1, 2)}
    found = answers([preview(*runs), preview(run(1, "Succeeded"), phase="Ended")], **known)
    assert found["preview_cost_hourly"] == [{("acme/shop",): 0.25}]


def test_a_cleanup_and_what_still_runs() -> None:
    ended = run(2, "Succeeded", kind="end", cause="closed")
    live = {"name": "run-1", "number": 1, "kind": "test", "phase": "Running", "claimed": moments.stamp(moments.now())}
    found = answers([preview(run(1, "Succeeded"), ended, phase="Ended"), preview(live, phase="Running")])
    assert found["cleanups_total"] == [{("closed", "success"): 1}]
    assert found["cicd_pipeline_run_active"] == [{(): 1}]
    assert found["cicd_pipeline_run_duration_seconds"][0] == {("executing", "success"): 1, ("pending", ""): 2}
