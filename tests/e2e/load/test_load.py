"""Many pull requests at once: each waits for its turn, and each is judged as it would be alone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from benchmarks import figures
from scripts.lab.stand.session import Session
from tests.e2e.faults import components
from tests.e2e.faults.ground import ground
from tests.e2e.load.many import Many

PIPELINES = int(os.environ.get("PIPELINES") or "100")
# On two processors more runs at once only make each slower.
RUNS = 4
# Later ones that may begin before one: as many as are opened side by side, and as begin within one look.
OVERTAKEN = 2 * RUNS
MOST_MEGABYTES = 200.0
GONE_SECONDS = 300.0
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def many(session: Session) -> Iterator[Many]:
    """All of them, played to their end."""
    with ground(session, runs=RUNS) as place:
        before = components.restarts(place)
        played = Many(place, PIPELINES)
        played.play()
        played.leave(GONE_SECONDS)
        played.left += components.started_anew(place, before)
        found = {
            "pipelines_at_once": PIPELINES,
            "pipelines_right": PIPELINES - len(played.bad()),
            "most_live_runs": played.most_live_of_one,
            "pipelines_live": played.most_live,
            "pipelines_overtaken": played.overtaken(),
            "pipelines_seconds": round(played.seconds, 1),
            "controllers_peak_mb": played.megabytes(),
        }
        figures.record(found)
        print(f"\n[load] {found}", flush=True)
        yield played


def test_each_is_judged_as_if_it_were_alone(many: Many) -> None:
    assert many.bad() == {}


def test_of_each_one_run_goes_on_and_of_all_as_many_as_may(many: Many) -> None:
    assert many.most_live_of_one == 1
    assert many.most_live <= RUNS


def test_who_was_opened_first_runs_first(many: Many) -> None:
    assert many.overtaken() <= OVERTAKEN


def test_nothing_is_left_and_nothing_of_ours_died(many: Many) -> None:
    assert many.left == []


def test_our_processes_stay_small(many: Many) -> None:
    assert {name: size for name, size in many.megabytes().items() if size > MOST_MEGABYTES} == {}
