"""What is planned, and what becomes of each request however vegeta tells of it."""

from __future__ import annotations

import base64
import io
import json
import random
import statistics
from typing import Any

import pytest

from implementation_dag.acceptance.errors import AcceptanceError
from implementation_dag.acceptance.figures import JUDGES, summarize
from implementation_dag.acceptance.load import MOST_HEADER_BYTES, Load
from implementation_dag.acceptance.records import Record, read_records
from implementation_dag.acceptance.settings import ExpectedPath, Settings
from implementation_dag.acceptance.targets import Target
from implementation_dag.contract.parameters import THRESHOLDS

WHEN = "2026-11-30T00:05:44.516022213Z"


def planned(
    hosts: int = 2, paths: int = 2, requests: int = 4, limit: int = 8, timeout: int = 10, rate: int = 5
) -> Load:
    settings = Settings(
        namespace="",
        thresholds={"min_success_pct": 0.5, "max_p95_ms": 100, "requests_per_host": requests},
        paths=tuple(ExpectedPath(f"/{p}?q=%20", (200, 404)) for p in range(paths)),
        body_limit_bytes=limit,
        timeout_seconds=timeout,
        requests_per_second=rate,
        user_agent="test",
    )
    return Load(settings, [Target(f"https://h{n}", f"h{n}") for n in range(hosts)])


def line(number: int, **other: Any) -> bytes:
    told = {"code": 200, "timestamp": WHEN, "latency": 2_500_000, "error": "", "body": None, "headers": {}}
    return json.dumps({**told, "url": f"https://h/#{number}", **other}).encode() + b"\n"


def read(load: Load, *lines: bytes) -> list[Record]:
    return read_records(io.BytesIO(b"".join(lines)), load)[0]


@pytest.mark.parametrize("seed", range(20))
def test_every_path_of_every_host_gets_its_share(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - the same cases each time
    hosts, paths, more = pick.randint(1, 50), pick.randint(1, 50), pick.randint(0, 60)
    load = planned(hosts, paths, requests=paths + more)
    urls = [json.loads(text)["url"].rpartition("#") for text in load.lines()]
    assert [int(number) for _, _, number in urls] == list(range(load.total))
    counts = [sum(url == f"https://h{h}/{p}?q=%20" for url, _, _ in urls) for h in (0, hosts - 1) for p in range(paths)]
    assert sum(counts[:paths]) == paths + more
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("seed", range(100))
def test_memory_evidence_and_time_are_bounded(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - the same cases each time
    hosts, requests, limit = pick.randint(1, 50), pick.randint(1, 1000), pick.choice([0, 1, 65536, 1_048_576])
    timeout, rate = pick.randint(1, 120), pick.randint(1, 100)
    load = planned(hosts, 1, requests, limit, timeout, rate)
    assert load.under_way * limit <= 64 * 1024 * 1024
    assert load.kept_per_host == 1 or load.kept_per_host * hosts * (limit + MOST_HEADER_BYTES) <= 32 * 1024 * 1024
    assert load.longest_seconds >= max(load.total / load.rate, load.total / load.under_way * timeout)


def test_a_usual_load_waits_for_nobody() -> None:
    load = planned(hosts=50, requests=1000, limit=65536)
    assert load.under_way == 1000 > load.rate * 1.2


def test_each_request_is_found_by_its_number_in_any_order() -> None:
    load = planned()
    records = read(load, *(line(number, latency=number) for number in (3, 7, 0, 2, 6, 1, 5, 4)))
    assert [(r.target, r.n, r.path, (r.latency_ms or 0) * 1e6) for r in records] == [
        (0, 1, 0, 0), (0, 2, 1, 2), (0, 3, 0, 4), (0, 4, 1, 6),
        (1, 1, 0, 1), (1, 2, 1, 3), (1, 3, 0, 5), (1, 4, 1, 7),
    ]  # fmt: skip


def test_the_end_of_the_targets_is_no_request() -> None:
    end = line(0, url="", code=0, error="no targets to attack")
    records, recorded = read_records(io.BytesIO(line(0) + end + end), planned(1, 1, 1))
    assert (len(records), recorded, records[0].status) == (1, 1, 200)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (line(0, headers={"X": ["a" * 400_000]}),),
        (line(0, error="a" * 400_000, code=0),),
        (line(0)[:-30],),
    ],
    ids=["never ended", "headers", "error", "torn"],
)
def test_what_was_not_told_in_time_and_measure_is_an_answer_that_is_bad(lines: tuple[bytes, ...]) -> None:
    other = (line(1),) if not lines or lines[0].endswith(b"\n") else ()
    first, second = read(planned(1, 1, 2), *lines, *other)
    assert (first.status, first.ok, first.cut, first.latency_ms) == (0, False, True, 10_000)
    assert "did not end in time, or was too large" in first.error
    assert second.ok is bool(other)


@pytest.mark.parametrize(
    ("error", "told", "cut", "timed"),
    [
        ('Get "https://h/\\"#0": EOF', "EOF", False, False),
        ('Get "https://h/#0": read tcp 10.0.0.1:5->10.0.0.2:443: reset', "read tcp 10.0.0.2:443: reset", False, False),
        ('Get "https://h/#0": context deadline exceeded (x)', "context deadline exceeded (x)", False, True),
        ("unexpected EOF", "unexpected EOF", True, False),
        ("context deadline exceeded (reading body)", "context deadline exceeded (reading body)", True, True),
    ],
)  # fmt: skip
def test_words_of_go_are_told_alike_for_every_request(error: str, told: str, cut: bool, timed: bool) -> None:
    (record,) = read(planned(1, 1, 1), line(0, code=0, error=error, headers=None))
    assert (record.error, record.cut, record.latency_ms) == (told, cut, 2.5 if timed else None)
    assert (record.status, record.ok, record.body, record.headers) == (0, False, None, None)


@pytest.mark.parametrize("code", [101, 200, 404, 500])
def test_a_status_is_good_where_it_is_expected(code: int) -> None:
    (record,) = read(planned(1, 1, 1), line(0, code=code))
    assert (record.ok, record.cut) == (code in (200, 404), False)


def test_a_redirect_is_told_and_headers_are_bounded() -> None:
    headers = {"Location": ["https://b/" + "a" * 5000], "A": ["1", "2"], "Z": ["z" * MOST_HEADER_BYTES]}
    body = base64.b64encode(b"\xff\x00").decode()
    (record,) = read(planned(1, 1, 1), line(0, headers=headers, body=body))
    assert record.location == "https://b/" + "a" * 990
    assert record.headers == {"A": ["1", "2"], "Location": headers["Location"]}
    assert record.body == b"\xff\x00"


def test_bodies_and_headers_of_later_requests_are_not_kept() -> None:
    load = planned(1, 1, 40, limit=1_048_576)
    records = read(load, *(line(number, body="aGVsbG8=") for number in range(40)))
    assert [record.body for record in records] == [b"hello"] * 31 + [None] * 9
    assert [record.headers for record in records] == [{}] * 31 + [None] * 9


@pytest.mark.parametrize(
    "told", [b"{}\n", b"[]\n", b"no JSON\n", line(0, url="https://h/"), line(0, code="x"), line(0, body="!")]
)
def test_a_line_of_another_shape_is_refused(told: bytes) -> None:
    with pytest.raises(AcceptanceError, match=r"vegeta told of no request .*: it is of another version"):
        read(planned(1, 1, 1), told)


@pytest.mark.parametrize("seed", range(20))
def test_percentiles_are_those_of_the_statistics_module_and_in_order(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - the same cases each time
    values = [pick.expovariate(0.01) for _ in range(pick.randint(1, 50))]
    load = planned(1, 1, len(values))
    records = [Record(0, 0, n, 200, True, value) for n, value in enumerate(values, start=1)]
    found = summarize(records, load, 1).everything.figures.latency
    least, p50, p90, p95, p99, most = (found[f"{name}_ms"] or 0 for name in ("min", "p50", "p90", "p95", "p99", "max"))
    assert least <= p50 <= p90 <= p95 <= p99 <= most
    assert p50 == pytest.approx(statistics.median(values), abs=0.001)


@pytest.mark.parametrize(
    ("latencies", "good", "held"),
    [
        ([100.0, 100.0], 1, (True, True)),
        ([100.001, 100.001], 1, (True, False)),
        ([100.0, None], 1, (True, True)),
        ([100.0], 1, (True, True)),
        ([50.0, 50.0], 0, (False, True)),
        ([None, None], 2, (True, False)),
        ([], 0, (False, False)),
    ],
)
def test_a_limit_is_held_by_figures_only(latencies: list[float | None], good: int, held: tuple[bool, bool]) -> None:
    records = [Record(0, 0, n, 200, n < good, value) for n, value in enumerate(latencies)]
    summary = summarize(records, planned(1, 1, 2), 1)
    for scope in (summary.everything, summary.targets[0].scope):
        told = " ".join(scope.missed)
        assert ("succeeded" not in told, "100 ms is allowed" not in told) == held


def test_no_request_at_all_holds_no_share() -> None:
    assert JUDGES["min_success_pct"](summarize([], planned(), 1).everything.figures, 0)


def test_each_threshold_is_judged_but_the_number_of_requests() -> None:
    assert {*JUDGES, "requests_per_host"} == {one.name for one in THRESHOLDS}
