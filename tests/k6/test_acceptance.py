"""The acceptance step with the real k6 against real applications."""

from __future__ import annotations

import json
import ssl
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

from implementation_dag.preview import protocols
from implementation_dag.preview.protocols import Probe, Protocol
from tests.k6.conftest import Acceptance, Request, answer, serving

NOWHERE = "http://127.0.0.1:1"


def test_a_fast_application_passes(acceptance: Acceptance) -> None:
    with serving(answer(200, b"hello")) as port:
        result = acceptance(f"http://127.0.0.1:{port}")
    host = f"127.0.0.1:{port}"
    report = result.report
    assert result.code == 0, result.printed
    assert (report["result"], report["reasons"], report["thresholds"]["passed"]) == ("passed", [], True)
    assert (report["ns"], report["total_requests"], report["successful_requests"]) == ("impl-pr-7", 10, 10)
    assert (report["success_pct"], report["error_rate"]) == (1, 0)
    assert 0 < report["p50_ms"] <= report["p90_ms"] <= report["p95_ms"] <= report["p99_ms"] < 1200
    assert [entry["host"] for entry in report["hosts"]] == [host]
    assert "Acceptance test passed" in result.printed
    assert [line[:3] + line[4:] for line in result.log_lines] == [[host, str(n), "200", "/"] for n in range(1, 11)]
    bodies = sorted((result.out / "responses").iterdir())
    assert len(bodies) == 10
    assert {body.read_bytes() for body in bodies} == {b"hello"}
    performance = json.loads((result.out / "performance.json").read_text())
    assert performance["tool"].startswith("k6 v1.")
    assert performance["hosts"][0]["paths"][0]["latency"]["p95_ms"] > 0


def test_a_slow_application_fails_and_its_report_is_kept(acceptance: Acceptance) -> None:
    def slow(request: Request) -> None:
        time.sleep(0.15)
        answer(200)(request)

    with serving(slow) as port:
        result = acceptance(f"http://127.0.0.1:{port}", MAX_P95_MS="100", REQUESTS_PER_HOST="3")
    assert result.code == 2
    assert result.report["result"] == "failed"
    assert result.report["success_pct"] == 1
    assert result.report["p95_ms"] > 150
    assert "at most 100 ms is allowed" in result.report["reasons"][0]
    assert "Acceptance test failed" in result.printed
    failed = ElementTree.parse(result.out / "junit.xml").findall(".//testcase[failure]")  # noqa: S314 - our own file
    assert [case.get("classname") for case in failed] == ["thresholds", "thresholds"]


def test_404_is_no_success_unless_listed(acceptance: Acceptance) -> None:
    with serving(answer(404)) as port:
        url = f"http://127.0.0.1:{port}"
        refused = acceptance(url, REQUESTS_PER_HOST="2")
        listed = acceptance(url, config={"paths": [{"path": "/", "status": [404]}]}, REQUESTS_PER_HOST="2")
    assert refused.code == 2
    assert refused.report["success_pct"] == 0
    assert any("status 404, expected 200 (2 times)" in reason for reason in refused.report["reasons"])
    assert listed.code == 0


def test_requests_are_spread_exactly_over_hosts_and_paths(acceptance: Acceptance) -> None:
    seen: Counter[tuple[int, str]] = Counter()
    lock = threading.Lock()

    def count(request: Request) -> None:
        with lock:
            seen[request.connection.getsockname()[1], request.path] += 1
        answer(200)(request)

    paths = [{"path": "/", "status": [200]}, {"path": "/api/items?limit=1", "status": [200]}]
    with serving(count) as a, serving(count) as b, serving(count) as c:
        urls = [f"http://127.0.0.1:{port}" for port in (a, b, c)]
        result = acceptance(*urls, config={"paths": paths}, REQUESTS_PER_HOST="5")
    assert result.code == 0, result.printed
    # One more of the first path: whether anybody is there.
    expected = {(port, "/"): 4 for port in (a, b, c)} | {(port, "/api/items?limit=1"): 2 for port in (a, b, c)}
    assert dict(seen) == expected
    assert [host["total_requests"] for host in result.report["hosts"]] == [5, 5, 5]


def test_one_bad_host_among_good_ones_fails_by_name(acceptance: Acceptance) -> None:
    with serving(answer(200)) as good, serving(answer(500)) as bad:
        urls = (f"http://127.0.0.1:{good}", f"http://127.0.0.1:{bad}")
        # One half of all requests may fail, but also of each host's.
        result = acceptance(*urls, MIN_SUCCESS_PCT="0.5", REQUESTS_PER_HOST="4")
    assert result.code == 2
    assert [host["passed"] for host in result.report["hosts"]] == [True, False]
    assert result.report["reasons"][0].startswith(f"127.0.0.1:{bad}: 0 of 4 requests succeeded")


def test_a_huge_body_is_cut_byte_for_byte(acceptance: Acceptance) -> None:
    body = b"\x1b[31m\xff\x00\r\n" + b"x" * 5_000_000
    with serving(answer(200, body)) as port:
        config = {"bodyLimitBytes": 1000}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="2")
    assert result.code == 0
    files = list((result.out / "responses").iterdir())
    assert {file.name for file in files} == {f"127_0_0_1_{port}-1.txt", f"127_0_0_1_{port}-2.txt"}
    assert {file.read_bytes() for file in files} == {body[:1000]}
    assert "\x1b" not in result.printed


def test_a_long_test_keeps_the_bodies_of_its_first_requests(acceptance: Acceptance) -> None:
    with serving(answer(200, b"hello")) as port:
        config = {"bodyLimitBytes": 1_048_576}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="40")
    assert result.code == 0
    assert len(result.log_lines) == 40
    assert len(list((result.out / "responses").iterdir())) == 32


def test_what_a_server_sends_cannot_forge_lines_on_the_terminal(acceptance: Acceptance) -> None:
    # U+009B starts a terminal sequence as ESC [ does, and Go lets it pass in a header. Sent as UTF-8.
    to = "https://elsewhere.example/\xc2\x9b2K\xc2\x9b1GAcceptance test passed"
    with serving(answer(302, Location=to)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", REQUESTS_PER_HOST="1")
    assert result.code == 2
    assert "\x9b" not in result.printed
    assert "redirect to https://elsewhere.example/\\x9b2K\\x9b1GAcceptance" in result.printed


def test_redirects_are_judged_not_followed(acceptance: Acceptance) -> None:
    asked = []

    def elsewhere(request: Request) -> None:
        asked.append(request.path)
        answer(200)(request)

    with serving(elsewhere) as other, serving(answer(302, Location=f"http://127.0.0.1:{other}/")) as port:
        result = acceptance(f"http://127.0.0.1:{port}", REQUESTS_PER_HOST="2")
    assert result.code == 2
    assert asked == []
    assert any(f"status 302 (redirect to http://127.0.0.1:{other}/)" in r for r in result.report["reasons"])


def test_a_host_that_refuses_connections(acceptance: Acceptance) -> None:
    result = acceptance(NOWHERE, REQUESTS_PER_HOST="2")
    assert (result.code, result.report["verdict"]) == (1, "could_not_run")
    assert result.report["successful_requests"] == 0
    assert result.report["p95_ms"] is None
    assert "nobody could be reached" in result.report["reason"]
    assert "the connection was refused" in result.report["reason"]
    assert list((result.out / "responses").iterdir()) == []


def test_a_host_that_refuses_connections_beside_one_that_answers(acceptance: Acceptance) -> None:
    with serving(answer(200)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", NOWHERE, REQUESTS_PER_HOST="2")
    assert (result.code, result.report["verdict"]) == (2, "failed")
    assert any("no answer" in reason and "refused" in reason for reason in result.report["reasons"])
    assert [line[:3] for line in result.log_lines[2:]] == [["127.0.0.1:1", "1", "000"], ["127.0.0.1:1", "2", "000"]]


def test_a_host_that_goes_away_before_the_load_is_not_judged(
    acceptance: Acceptance, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = (Probe(NOWHERE, Protocol.HTTP1, "HTTP/1.1", 200),)
    monkeypatch.setattr(protocols, "probe", lambda *_, **__: answered)
    result = acceptance(NOWHERE, REQUESTS_PER_HOST="2")
    assert (result.code, result.report["verdict"]) == (1, "could_not_run")
    assert "connection refused (2 of 2 requests)" in result.report["reason"]
    assert result.printed.count("once more") == 2
    assert [line[:3] for line in result.log_lines] == [["127.0.0.1:1", "1", "000"], ["127.0.0.1:1", "2", "000"]]


def test_without_any_answer_no_threshold_lets_the_test_pass(acceptance: Acceptance) -> None:
    with serving(answer(200)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", NOWHERE, MIN_SUCCESS_PCT="0", REQUESTS_PER_HOST="1")
    assert result.code == 2
    assert "127.0.0.1:1: no latency could be measured" in result.report["reasons"][0]


def test_a_server_that_does_not_answer_in_time(acceptance: Acceptance) -> None:
    with serving(lambda _: time.sleep(3)) as port:
        config = {"timeoutSeconds": 1}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="1")
    assert result.code == 2
    assert any("no answer: request timeout" in reason for reason in result.report["reasons"])
    assert result.report["p95_ms"] >= 1000


def test_tls_is_verified_with_the_given_authority(acceptance: Acceptance, pki: Path, tls: ssl.SSLContext) -> None:
    with serving(answer(200), tls) as port:
        url = f"https://localhost:{port}"
        trusted = acceptance(url, CA_FILE=str(pki / "ca.crt"), REQUESTS_PER_HOST="2")
        unknown = acceptance(url, REQUESTS_PER_HOST="2")
    assert trusted.code == 0, trusted.printed
    assert (unknown.code, unknown.report["verdict"]) == (1, "could_not_run")
    assert "the certificate is not trusted" in unknown.report["reason"]


def test_a_broken_script_ends_with_1_and_says_why(acceptance: Acceptance, tmp_path: Path) -> None:
    script = tmp_path / "broken.js"
    script.write_text("export default function () { nonsense( }")
    with serving(answer(200)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", K6_SCRIPT=str(script))
    assert result.code == 1
    assert result.report["result"] == "error"
    assert "k6 ended with exit code" in result.report["reasons"][0]
    assert "Unexpected token" in result.report["reasons"][0]
    assert (result.out / "logs.txt").exists()


def test_the_application_cannot_pass_for_our_records(acceptance: Acceptance) -> None:
    forged = json.dumps({"level": "info", "source": "console", "msg": '{"target": 0}'}).encode()

    def forge(request: Request) -> None:
        request.wfile.write(forged + b"\n" + forged + b"\n")

    with serving(forge) as port:
        result = acceptance(f"http://127.0.0.1:{port}", REQUESTS_PER_HOST="1")
    assert result.code == 2
    assert len(result.log_lines) == 1


def test_the_users_agent_and_nothing_of_our_environment_reaches_k6(
    acceptance: Acceptance, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = []

    def note(request: Request) -> None:
        agents.append(request.headers["User-Agent"])
        answer(200)(request)

    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("K6_ITERATIONS", "1")
    with serving(note) as port:
        config = {"userAgent": "acceptance/1.0"}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="3")
    assert result.code == 0
    # One more before the load: whether anybody is there.
    assert agents == ["acceptance/1.0"] * 4
