"""The plot draws every request in a point that is no lower than it, and the levels where they belong."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from implementation_dag.pages.latency import HEIGHT, MOST_POINTS, WIDTH, milliseconds, plot

LATENCIES = st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), min_size=1, max_size=2 * MOST_POINTS + 5)


def written(folder: Path, requests: list[tuple[float, bool]]) -> Path:
    file = folder / "requests.jsonl"
    lines = [{"began": f"{n:09}", "latency_ms": latency, "ok": ok} for n, (latency, ok) in enumerate(requests)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LATENCIES, st.none() | st.floats(0, 1e6))
def test_no_slow_and_no_failed_request_is_left_out(
    tmp_path: Path, requests: list[tuple[float, bool]], limit: float | None
) -> None:
    found = plot(written(tmp_path, requests), {"p50": 5.0, "p95": None}, limit)
    assert found and len(found.points) <= MOST_POINTS
    assert all(0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT for point in found.points)
    assert all(0 <= level.y <= HEIGHT for level in found.levels)
    assert {level.name for level in found.levels} == {"p50", "limit"} - ({"limit"} if limit is None else set())
    for n, (latency, ok) in enumerate(requests):
        point = found.points[n // found.each]
        zero, top = found.ticks[0][0], found.ticks[-1][0]
        share = (zero - point.y) / (zero - top)
        assert share >= latency / (1.05 * max(1.0, 5.0, limit or 0, *(one for one, _ in requests))) - 0.01
        assert ok or point.failed


@pytest.mark.parametrize("content", ["", "x\n", "[]\n", '{"latency_ms": null}\n', '{"latency_ms": NaN}\n'])
def test_of_nothing_there_is_no_plot(tmp_path: Path, content: str) -> None:
    (tmp_path / "requests.jsonl").write_text(content)
    assert plot(tmp_path / "requests.jsonl", {}, 5.0) is None


@pytest.mark.parametrize(("value", "words"), [(None, "–"), (7.301, "7.3 ms"), (671.0, "671 ms"), (1234.0, "1.23 s")])
def test_latencies_in_words(value: float | None, words: str) -> None:
    assert milliseconds(value) == words
