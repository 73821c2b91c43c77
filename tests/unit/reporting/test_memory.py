"""What was told: a report is left out only where it was told whole, and nothing else after it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.forge.model import Report, Verdict
from implementation_dag.reporting import memory

REPORTS = [
    Report("acme", repo, number, commit, verdict)
    for repo in ("shop", "other")
    for number in (7, 8)
    for commit in ("a" * 40, "b" * 40)
    for verdict in (Verdict.RUNNING, Verdict.PASSED)
]


def of(report: Report) -> tuple[str, int, str]:
    return report.repo, report.number, report.commit


@given(st.lists(st.tuples(st.sampled_from(["forget", "remember"]), st.sampled_from(REPORTS))))
def test_only_the_last_that_was_told_whole_of_a_commit_counts(happened: list[tuple[str, Report]]) -> None:
    told = memory.Told()
    for what, report in happened:
        getattr(told, what)(report)
    last = {of(report): (what, report) for what, report in happened}
    for asked in REPORTS:
        assert told.already(asked) == (last.get(of(asked)) == ("remember", asked))


def test_what_is_kept_is_bounded_and_the_oldest_goes() -> None:
    told = memory.Told()
    first = Report("acme", "shop", 0, "a" * 40, Verdict.PASSED)
    for number in range(memory._MOST + 1):
        told.remember(replace(first, number=number))
    assert not told.already(first)
    assert told.already(replace(first, number=1))
