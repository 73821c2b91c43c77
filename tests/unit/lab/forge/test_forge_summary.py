"""The summary of what tests noted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.lab.forge.summary import main, percentile

REPORT = """<testsuites><testsuite tests="2" failures="{failures}" errors="0">
<properties><property name="forge" value="gitea 1.26.0"/></properties>
<testcase><properties><property name="lost" value="0"/><property name="reviews" value="2"/>
<property name="forge_calls" value="35"/>
<property name="workflows_started" value="2"/>
<property name="most_live_runs_of_one_pull_request" value="{most}"/>
<property name="webhook_to_workflow_s" value="{seconds}"/></properties></testcase></testsuite></testsuites>"""
CLUSTER = """<testsuite tests="1"><testcase><properties><property name="workflows_started" value="5"/>
<property name="close_to_gone_s" value="38.5"/><property name="close_to_gone_s" value="41.0"/></properties>
</testcase></testsuite>"""


def test_counts_are_added_up_and_of_times_the_percentile_counts(tmp_path: Path) -> None:
    for name, most, seconds in (("a", 1, 0.5), ("b", 2, 1.25)):
        (tmp_path / name).write_text(REPORT.format(failures=most - 1, most=most, seconds=seconds))
    (tmp_path / "cluster").write_text(CLUSTER)
    main([str(tmp_path / name) for name in ("summary.json", "a", "b", "cluster")])
    found = json.loads((tmp_path / "summary.json").read_text())
    assert found["forge"] == "gitea 1.26.0"
    assert (found["lost"], found["reviews"], found["most_live_runs_of_one_pull_request"]) == (0, 4, 2)
    assert found["webhook_to_workflow_p95_s"] == 1.25
    assert (found["close_to_gone_p95_s"], found["schema_violations"]) == (41.0, None)
    assert found["measured"] == {"webhook_to_workflow_s": 2, "close_to_gone_s": 2}
    # Where calls were not counted, runs are not either.
    assert found["workflows_started"] == 9
    assert (found["forge_calls_of_a_run"], found["poll_calls_in_an_hour"]) == (17.5, None)
    assert (found["tests"], found["failed"]) == (5, 1)


@pytest.mark.parametrize(("count", "wanted"), [(1, 1), (20, 19), (21, 20), (100, 95)])
def test_of_a_hundred_95_are_no_larger_than_the_percentile(count: int, wanted: float) -> None:
    assert percentile([float(number) for number in range(count, 0, -1)]) == wanted
