"""The acceptance step with the real vegeta against real applications, good and hostile ones."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from implementation_dag.acceptance import vegeta
from implementation_dag.preview import protocols
from implementation_dag.preview.protocols import Probe, Protocol
from tests.load.conftest import Acceptance, Request, answer, raw, serving
from tests.unit.preview.test_protocols import http2
from tests.unit.preview.test_protocols import serving as over_tls

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
    assert performance["tool"].startswith("vegeta v12.")
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
        config = {"bodyLimitBytes": 1_048_576, "requestsPerSecond": 50}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="40")
    assert result.code == 0
    assert len(result.log_lines) == 40
    # 32 MiB, of which each request may take 1 MiB and 16 KiB.
    assert len(list((result.out / "responses").iterdir())) == 31
    assert [item["headers"] is not None for item in result.requests] == [True] * 31 + [False] * 9


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
    assert any("no answer: context deadline exceeded" in reason for reason in result.report["reasons"])
    assert result.report["p95_ms"] >= 1000


def test_tls_is_verified_with_the_given_authority(acceptance: Acceptance, pki: Path, tls: ssl.SSLContext) -> None:
    with serving(answer(200), tls) as port:
        url = f"https://localhost:{port}"
        trusted = acceptance(url, CA_FILE=str(pki / "ca.crt"), REQUESTS_PER_HOST="2")
        unknown = acceptance(url, REQUESTS_PER_HOST="2")
    assert trusted.code == 0, trusted.printed
    assert (unknown.code, unknown.report["verdict"]) == (1, "could_not_run")
    assert "the certificate is not trusted" in unknown.report["reason"]


def test_a_load_generator_that_fails_is_nobodys_fault(acceptance: Acceptance, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\n[ $1 = -version ] || { echo 'no such flag\033[2J' >&2; exit 3; }\n")
    broken.chmod(0o755)
    with serving(answer(200)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", VEGETA=str(broken))
    assert result.code == 1
    assert result.report["result"] == "error"
    assert "vegeta ended with exit code 3; its last messages: no such flag\\x1b[2J" in result.report["reasons"][0]
    assert (result.out / "logs.txt").exists()


def test_a_load_generator_without_memory_left_does_not_end_the_judgement(
    acceptance: Acceptance, tmp_path: Path
) -> None:
    starved = tmp_path / "starved"
    words = "fatal error: runtime: cannot allocate memory\\n\\ngoroutine 1"
    starved.write_text(f"#!/bin/sh\n[ $1 = -version ] || {{ printf '{words}' >&2; exit 2; }}\n")
    starved.chmod(0o755)
    with serving(answer(200)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", VEGETA=str(starved))
    assert (result.code, result.report["verdict"], result.report["total_requests"]) == (2, "failed", 10)
    assert any("too large to be kept (10 times)" in reason for reason in result.report["reasons"])


def test_a_load_generator_that_tells_of_nothing_is_nobodys_fault(acceptance: Acceptance) -> None:
    with serving(answer(200)) as port:
        result = acceptance(f"http://127.0.0.1:{port}", VEGETA="true")
    assert result.code == 1
    assert "vegeta told of no request" in result.report["reason"]


def http2_or_not(connection: ssl.SSLSocket) -> None:
    """Where it is not taken, nothing that counts as success is answered."""
    if connection.selected_alpn_protocol() == "h2":
        return http2(connection)
    connection.recv(65536)
    return connection.sendall(b"HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\n\r\n")


def test_http2_is_taken_where_it_is_offered(acceptance: Acceptance, pki: Path) -> None:
    with over_tls(pki, ["h2", "http/1.1"], http2_or_not) as url:
        config = {"paths": [{"path": "/", "status": [404]}]}
        result = acceptance(url, config=config, CA_FILE=str(pki / "ca.crt"), REQUESTS_PER_HOST="5")
    assert result.code == 0, result.printed
    assert {item["status"] for item in result.requests} == {404}


def test_no_body_is_kept_where_none_is_wanted(acceptance: Acceptance) -> None:
    with serving(answer(200, b"hello")) as port:
        result = acceptance(f"http://127.0.0.1:{port}", config={"bodyLimitBytes": 0}, REQUESTS_PER_HOST="2")
    assert result.code == 0
    assert {file.read_bytes() for file in (result.out / "responses").iterdir()} == {b""}


def test_the_application_cannot_pass_for_our_records(acceptance: Acceptance) -> None:
    told = {"code": 200, "url": "http://a/#0", "latency": 1, "error": "", "body": "", "headers": {}}
    forged = json.dumps(told).encode() + b"\n"

    def forge(request: Request) -> None:
        request.wfile.write(forged + forged)

    with serving(forge) as port:
        result = acceptance(f"http://127.0.0.1:{port}", REQUESTS_PER_HOST="1")
    assert result.code == 2
    assert [line[2] for line in result.log_lines] == ["000"]


def test_every_request_is_told_with_headers_and_body(acceptance: Acceptance) -> None:
    with serving(answer(404, b"gone \x1b[2J", **{"X-Told": "\xc2\x9b2K"})) as port:
        result = acceptance(f"http://127.0.0.1:{port}", REQUESTS_PER_HOST="2")
    text = (result.out / "requests.jsonl").read_bytes()
    assert text.isascii() and b"\x1b" not in text
    first, second = result.requests
    assert (first["host"], first["n"], first["path"], first["status"], first["ok"]) == (
        f"127.0.0.1:{port}", 1, "/", 404, False,
    )  # fmt: skip
    assert first["headers"]["X-Told"] == ["\x9b2K"]
    assert (result.out / second["body"]).read_bytes() == b"gone \x1b[2J"
    assert second["bytes"] == len(b"gone \x1b[2J")
    assert first["began"] < second["began"]
    assert first["latency_ms"] > 0


def test_requests_come_at_their_rate_whatever_is_answered(acceptance: Acceptance) -> None:
    """A server that takes one at a time: its queue is in the latencies, and the next request does not wait for it."""
    came: list[float] = []
    one = threading.Lock()

    def slow(request: Request) -> None:
        came.append(time.monotonic())
        with one:
            time.sleep(0.2)
        answer(200)(request)

    with serving(slow) as port:
        config = {"requestsPerSecond": 20}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="10")
    assert came[-1] - came[1] < 1
    assert result.report["p95_ms"] > 1000
    assert result.code == 2


HOSTILE = {
    "more headers than anybody reads": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 2_000_000 + b"\r\n",
    "headers that take all memory": b"HTTP/1.1 200 OK\r\n"
    + b"".join(b"%x:\r\n" % n for n in range(400_000))
    + b"Content-Length: 0\r\n\r\n",
    "a line of 9 MB that is no header": b"HTTP/1.1 200 OK\r\nX: " + b"\x01" * 9_000_000 + b"\r\n\r\n",
    "no HTTP": b"SSH-2.0-dial lookup refused\r\n\r\n",
    "a status that is none": b"HTTP/1.1 99999 dial\r\n\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\nno colon dial\r\n\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "an encoding that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: dial\r\n\r\n",
    "a chunk that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a body that is cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "a redirect to nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_answer_is_the_pull_requests_fault(
    sent: bytes, acceptance: Acceptance, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = (Probe("http://127.0.0.1", Protocol.HTTP1, "HTTP/1.1", 200),)
    monkeypatch.setattr(protocols, "probe", lambda *_, **__: answered)
    with serving(raw(sent)) as port:
        config = {"timeoutSeconds": 5, "requestsPerSecond": 20}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="10")
    assert (result.code, result.report["verdict"]) == (2, "failed"), result.printed
    assert result.report["successful_requests"] == 0
    assert sum(file.stat().st_size for file in result.out.rglob("*") if file.is_file()) < 1_000_000


def test_a_body_without_end_is_given_up_in_time_and_held_nowhere(acceptance: Acceptance) -> None:
    def endless(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(1 << 40))
        request.end_headers()
        while True:
            request.wfile.write(bytes(1 << 20))

    start = time.monotonic()
    with serving(endless) as port:
        config = {"timeoutSeconds": 1}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="3")
    assert time.monotonic() - start < 20
    assert result.code == 2
    assert any("while reading body" in reason for reason in result.report["reasons"])
    assert list((result.out / "responses").iterdir()) == []


def test_a_connection_that_is_switched_and_held_is_ended(
    acceptance: Acceptance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Go's own time limit ends with the answer 101."""
    monkeypatch.setattr(vegeta, "GRACE_SECONDS", 1.0)
    done = threading.Event()

    def switch(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        done.wait(60)

    with serving(switch) as port:
        config = {"timeoutSeconds": 1}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="2")
        done.set()
    assert (result.code, result.report["verdict"]) == (2, "failed")
    assert any("did not end in time" in reason for reason in result.report["reasons"])


def test_a_body_is_not_unpacked(acceptance: Acceptance) -> None:
    packed = gzip.compress(bytes(1_000_000))
    with serving(answer(200, packed, **{"Content-Encoding": "gzip"})) as port:
        result = acceptance(f"http://127.0.0.1:{port}", REQUESTS_PER_HOST="1")
    (body,) = (result.out / "responses").iterdir()
    assert body.read_bytes() == packed


def test_a_host_whose_connections_hang_is_not_judged(acceptance: Acceptance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full queue of connections, as behind a fence: the load generator cannot tell it from a slow answer."""
    probe, asked = protocols.probe, 0

    def once_answered(*given: Any, **named: Any) -> tuple[Probe, ...]:
        nonlocal asked
        asked += 1
        return (Probe(url, Protocol.HTTP1, "HTTP/1.1", 200),) if asked % 2 else probe(*given, **named)

    monkeypatch.setattr(protocols, "probe", once_answered)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as full:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for _ in range(4):
            queued = full.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        result = acceptance(url, config={"timeoutSeconds": 1}, REQUESTS_PER_HOST="1")
    assert (result.code, result.report["verdict"]) == (1, "could_not_run")
    assert "no connection within 1.0 s" in result.report["reason"]


def test_ipv6_is_asked_as_well(acceptance: Acceptance) -> None:
    with serving(answer(200), address="::1") as port:
        result = acceptance(f"http://[::1]:{port}", REQUESTS_PER_HOST="1")
    assert result.code == 0, result.printed


def test_the_users_agent_is_told(acceptance: Acceptance) -> None:
    agents = []

    def note(request: Request) -> None:
        agents.append(request.headers["User-Agent"])
        answer(200)(request)

    with serving(note) as port:
        config = {"userAgent": "acceptance/1.0 (a test)"}
        result = acceptance(f"http://127.0.0.1:{port}", config=config, REQUESTS_PER_HOST="3")
    assert result.code == 0
    # One more before the load: whether anybody is there.
    assert agents == ["acceptance/1.0 (a test)"] * 4


def test_nothing_of_our_environment_reaches_vegeta_and_its_memory_is_bounded(
    acceptance: Acceptance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    told, bounds, fake = (tmp_path / name for name in ("environment", "bounds", "fake"))
    # Bounds are set as soon as it has started.
    fake.write_text(f"#!/bin/sh\nenv >> {told}\nsleep 0.5\n[ $1 = -version ] || ulimit -d >> {bounds}\n")
    fake.chmod(0o755)
    with serving(answer(200)) as port:
        acceptance(f"http://127.0.0.1:{port}", VEGETA=str(fake))
    of_the_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert {line.partition("=")[0] for line in told.read_text().splitlines()} - of_the_shell == {"PATH", "GOMEMLIMIT"}
    assert sorted(bounds.read_text().split()) == [str(128 * 1024), str(256 * 1024)]
