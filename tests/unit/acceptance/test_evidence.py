"""Report, JUnit and response files from a recorded run of vegeta."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from implementation_dag.acceptance.figures import Scope
from implementation_dag.acceptance.junit import write_junit, write_junit_error
from implementation_dag.acceptance.report import (
    Findings,
    build_error_report,
    build_performance,
    build_report,
)
from implementation_dag.acceptance.responses import response_name, write_logs, write_requests, write_responses

NOW = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def passing(findings: Findings) -> Findings:
    """The same run as if every limit had been held."""

    def held(scope: Scope) -> Scope:
        return Scope(scope.figures, ())

    targets = tuple(dataclasses.replace(target, scope=held(target.scope)) for target in findings.summary.targets)
    summary = dataclasses.replace(findings.summary, everything=held(findings.summary.everything), targets=targets)
    return dataclasses.replace(findings, summary=summary)


def test_the_report_has_the_fields_of_the_specification(findings: Findings) -> None:
    report = build_report(findings, NOW)
    assert {key: report[key] for key in ("ns", "success_pct", "total_requests", "successful_requests")} == {
        "ns": "impl-pr-7",
        "success_pct": 0.25,
        "total_requests": 8,
        "successful_requests": 2,
    }
    assert report["timestamp"] == "2026-01-31T23:59:59Z"
    assert report["error_rate"] == 0.75
    assert report["p50_ms"] <= report["p90_ms"] <= report["p95_ms"] <= report["p99_ms"]
    assert report["thresholds"] == {
        "min_success_pct": 0.95,
        "max_p95_ms": 1200,
        "requests_per_host": 4,
        "passed": False,
    }
    assert report["result"] == "failed"


def test_the_report_says_why_in_words(findings: Findings) -> None:
    assert build_report(findings, NOW)["reasons"] == [
        "all requests: 2 of 8 requests succeeded (0.25), at least 0.95 must",
        "shop.example.com: 2 of 4 requests succeeded (0.5), at least 0.95 must",
        "b:81: 0 of 4 requests succeeded (0), at least 0.95 must",
        "b:81: no latency could be measured, at most 1200 ms is allowed",
        "shop.example.com/gone: status 404, expected 200 (2 times)",
        "b:81/: no answer: dial tcp 127.0.0.1:81: connect: connection refused (2 times)",
        "b:81/gone: no answer: dial tcp 127.0.0.1:81: connect: connection refused (2 times)",
    ]


def test_a_host_without_answer_has_no_percentiles(findings: Findings) -> None:
    first, second = build_report(findings, NOW)["hosts"]
    assert first["host"] == "shop.example.com"
    assert first["p95_ms"] > 0
    assert second["url"] == "http://b:81"
    assert [second[name] for name in ("p50_ms", "p90_ms", "p95_ms", "p99_ms")] == [None] * 4


def test_a_run_that_held_every_limit_passes_without_reasons(findings: Findings) -> None:
    report = build_report(passing(findings), NOW)
    assert (report["result"], report["reasons"], report["thresholds"]["passed"]) == ("passed", [], True)


def test_the_timestamp_is_utc(findings: Findings) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert build_report(findings, elsewhere)["timestamp"] == "2026-01-31T23:59:59Z"


def test_an_error_report_has_the_same_fields(findings: Findings) -> None:
    report = build_error_report("impl-pr-7", "no vegeta", NOW)
    assert set(report) == set(build_report(findings, NOW))
    assert (report["result"], report["reasons"]) == ("error", ["no vegeta"])
    assert report["thresholds"]["passed"] is False


def test_performance_has_statistics_for_each_host_and_path(findings: Findings) -> None:
    performance = build_performance(findings, NOW)
    assert performance["tool"] == "vegeta v12.13.0"
    paths = performance["hosts"][0]["paths"]
    assert [(path["path"], path["total_requests"], path["successful_requests"]) for path in paths] == [
        ("/", 2, 2),
        ("/gone", 2, 0),
    ]
    assert set(paths[0]["latency"]) == {"min_ms", "avg_ms", "max_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms"}


def test_log_lines_are_those_of_the_specification(findings: Findings, tmp_path: Path) -> None:
    write_logs(findings.records, findings.targets, findings.settings.paths, tmp_path / "logs.txt")
    lines = [line.split(" ") for line in (tmp_path / "logs.txt").read_text().splitlines()]
    assert [(line[0], line[1], line[2], line[4]) for line in lines] == [
        ("shop.example.com", "1", "200", "/"),
        ("shop.example.com", "2", "404", "/gone"),
        ("shop.example.com", "3", "200", "/"),
        ("shop.example.com", "4", "404", "/gone"),
        ("b:81", "1", "000", "/"),
        ("b:81", "2", "000", "/gone"),
        ("b:81", "3", "000", "/"),
        ("b:81", "4", "000", "/gone"),
    ]
    assert all(line[3].isdigit() for line in lines)


def test_bodies_are_kept_as_they_came(findings: Findings, tmp_path: Path) -> None:
    write_responses(findings.records, findings.targets, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "shop_example_com-1.txt": b"hello\n",
        "shop_example_com-2.txt": b"\x1b[31mnot",
        "shop_example_com-3.txt": b"hello\n",
        "shop_example_com-4.txt": b"\x1b[31mnot",
    }


def test_every_request_is_one_json_line(findings: Findings, tmp_path: Path) -> None:
    write_requests(findings.records, findings.targets, findings.settings.paths, tmp_path / "requests.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    began, latency, headers = (lines[1].pop(name) for name in ("began", "latency_ms", "headers"))
    assert (began, latency) == ("2026-11-30T00:05:44.720940285Z", 0.77)
    assert headers["Server"][1] == "x"
    assert lines[1] == {
        "host": "shop.example.com",
        "n": 2,
        "path": "/gone",
        "status": 404,
        "ok": False,
        "error": "404 Not Found",
        "body": "responses/shop_example_com-2.txt",
        "bytes": 8,
    }
    assert [lines[4][name] for name in ("status", "latency_ms", "headers", "body", "bytes")] == [0, *[None] * 4]


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.example.com", "a_example_com-3.txt"), ("[2001:db8::1]:81", "_2001_db8__1__81-3.txt"), ("../x", "___x-3.txt")],
)
def test_response_names_stay_in_their_folder(host: str, name: str) -> None:
    assert response_name(host, 3) == name


def test_junit_has_a_case_for_each_path_and_threshold(findings: Findings, tmp_path: Path) -> None:
    write_junit(findings, tmp_path / "junit.xml")
    suite = ElementTree.parse(tmp_path / "junit.xml").find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "6", "0")
    cases = {(case.get("classname"), case.get("name")): case.find("failure") for case in suite}
    assert cases["shop.example.com", "/"] is None
    gone = cases["shop.example.com", "/gone"]
    assert gone is not None
    assert gone.get("message") == "2 of 2 requests failed"
    assert gone.text == "request 2: status 404, expected 200\nrequest 4: status 404, expected 200"
    assert cases["thresholds", "b:81"] is not None


def test_junit_stays_xml_whatever_a_reason_holds(tmp_path: Path) -> None:
    write_junit_error('bad \x1b[31m \x00 <&"> \ud800', tmp_path / "junit.xml")
    error = ElementTree.parse(tmp_path / "junit.xml").find(".//error")  # noqa: S314 - our own file
    assert error is not None
    assert error.get("message") == 'bad \ufffd[31m \ufffd <&"> \ufffd'
