"""Bars of a timeline lie where their stages ran."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from implementation_dag.pages.timeline import Bar, bars, between, told

from .example import SPANS, moment


@given(st.dictionaries(st.sampled_from(sorted(SPANS)), st.tuples(st.integers(0, 999), st.integers(0, 999))))
def test_bars_lie_within_the_run_and_in_its_proportions(spans: dict[str, tuple[int, int]]) -> None:
    times = {task: {"started": moment(begin), "ended": moment(begin + took)} for task, (begin, took) in spans.items()}
    for bar in bars(dict.fromkeys(SPANS, "Succeeded"), times):
        if bar.task not in spans:
            assert bar == Bar(bar.task, "Succeeded")
            continue
        assert bar.seconds == spans[bar.task][1]
        assert bar.start >= 0 and bar.width >= 0.5 and bar.start + bar.width <= 100.51


@pytest.mark.parametrize(
    ("started", "ended"),
    [(None, moment(1)), (moment(1), None), ("x", moment(1)), (moment(2), moment(1)), (3, 4), ("2026-01-31", moment(1))],
)
def test_what_is_no_span_has_no_length(started: object, ended: object) -> None:
    assert between(started, ended) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "–"), (0.4, "0 s"), (59, "59 s"), (185, "3 min 5 s"), (7384, "2 h 3 min")]
)
def test_durations_in_words(seconds: float | None, words: str) -> None:
    assert told(seconds) == words
