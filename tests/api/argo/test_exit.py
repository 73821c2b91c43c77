"""However a run ends, its exit handler comes to its end: what Argo makes of its steps, with pods that are played."""

from __future__ import annotations

from .provisioners import Provisioners
from .runs import Runs

GOOD = {"evidence": "Succeeded", "keep-preview": "Succeeded", "remove-preview": "Skipped", "evidence-again": "Skipped"}
BAD = {"evidence": "Succeeded", "keep-preview": "Skipped", "remove-preview": "Succeeded", "evidence-again": "Skipped"}


def test_a_good_run_keeps_its_preview(runs: Runs, provisioner: Provisioners) -> None:
    name = runs.submit()
    assert runs.play(name) == GOOD
    assert runs.status(name)["phase"] == "Succeeded"


def test_a_run_that_fails_takes_its_preview_away(runs: Runs, provisioner: Provisioners) -> None:
    name = runs.submit()
    assert runs.play(name, failing="deploy") == BAD
    assert runs.status(name)["phase"] == "Failed"


def test_a_run_that_is_stopped_takes_its_preview_away_before_the_next_begins(
    runs: Runs, provisioner: Provisioners
) -> None:
    """The dag of an exit handler Argo would give up at once."""
    first = runs.submit()
    runs.until(first, "Running")
    # Argo takes runs of one second in either order.
    second = runs.submit()
    runs.until(second, "Pending")
    runs.shut(first, "Stop")
    assert runs.play(first) == BAD
    assert runs.status(first)["phase"] == "Failed"
    runs.until(second, "Running")


def test_evidence_that_fails_holds_up_no_removal(runs: Runs, provisioner: Provisioners) -> None:
    name = runs.submit()
    runs.until(name, "Running")
    runs.shut(name, "Stop")
    assert runs.play(name, failing="evidence") == BAD | {"evidence": "Failed"}


def test_a_good_run_without_evidence_has_failed(runs: Runs, provisioner: Provisioners) -> None:
    name = runs.submit()
    found = runs.play(name, failing="evidence")
    assert found == GOOD | {"evidence": "Failed", "evidence-again": "Failed"}
    assert runs.status(name)["phase"] == "Failed"
