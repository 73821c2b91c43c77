"""Whose fault it is, over generated load tests, and what the step leaves in each case."""

from __future__ import annotations

import json
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from implementation_dag.acceptance import runner, vegeta
from implementation_dag.acceptance.records import Record
from implementation_dag.acceptance.settings import Settings
from implementation_dag.acceptance.verdict import answered_badly, nobody_answered, nobody_reached, only_waited
from implementation_dag.base import log
from implementation_dag.base.asking import UNREACHED, Failure
from implementation_dag.preview import protocols
from implementation_dag.preview.protocols import Probe, Protocol

# What load generators in Go say of a request without a status; the text in quotes is what a server sent.
TRANSPORT = (
    "dial: connection refused",
    'Get "https://a.example.com/": dial tcp 10.96.0.80:443: connect: connection refused',
    "dial: i/o timeout",
    "dial tcp 10.96.0.80:443: i/o timeout (Client.Timeout exceeded while awaiting headers)",
    "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    "lookup: no such host",
    "dial tcp: lookup a.example.com on 10.96.0.10:53: no such host",
    "x509: unknown authority",
    "tls: failed to verify certificate: x509: certificate is valid for b, not a",
    "net/http: TLS handshake timeout",
    "remote error: tls: internal error",
    "unexpected EOF",
    'Get "https://a.example.com/": EOF',
    "read tcp 10.244.0.5:40412->10.96.0.80:443: read: connection reset by peer",
    "connect: no route to host",
    "http2: client connection lost",
    "net/http: HTTP/1.x transport connection broken: unexpected EOF",
    'read tcp: "malformed HTTP response, deadline exceeded',
    "",
)
WAITED = (
    "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    "net/http: timeout awaiting response headers",
)
BADLY = (
    *WAITED,
    'malformed HTTP response "SSH-2.0 dial lookup handshake refused"',
    'net/http: HTTP/1.x transport connection broken: malformed HTTP status code "dial"',
    'net/http: HTTP/1.x transport connection broken: bad Content-Length "-5"',
    'net/http: HTTP/1.x transport connection broken: unsupported transfer encoding: "x"',
    "net/http: server response headers exceeded 10485760 bytes; aborted",
    "http2: response header list larger than advertised limit",
    'failed to parse Location header "http://[": parse "http://[": missing \']\' in host',
    "stream error: stream ID 1; INTERNAL_ERROR; received from peer",
)
STATUSES = (200, 204, 301, 404, 429, 500, 502, 503, 504)


def record(n: int, status: int = 0, error: str = "", target: int = 0) -> Record:
    return Record(target, 0, n, status, status == 200, 5.0 if status else None, error)


def good(url: str = "https://a.example.com") -> tuple[Probe, ...]:
    return tuple(Probe(url, protocol, str(protocol), 200) for protocol in Protocol)


@pytest.mark.parametrize("error", TRANSPORT)
def test_a_transport_error_is_nobodys_answer(error: str) -> None:
    assert not answered_badly(error)


@pytest.mark.parametrize("error", BADLY)
def test_whoever_took_the_request_answered_badly(error: str) -> None:
    assert answered_badly(error)


@pytest.mark.parametrize("seed", range(50))
def test_nobody_was_reached_exactly_when_every_request_died_on_its_way(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - the same cases each time
    records = [record(n, error=pick.choice(TRANSPORT), target=n % 3) for n in range(pick.randint(1, 40))]
    assert nobody_answered(records)
    spoilt = list(records)
    answer = record(0, status=pick.choice(STATUSES)) if seed % 2 else record(0, error=pick.choice(BADLY))
    spoilt[pick.randrange(len(spoilt))] = answer
    assert nobody_answered(spoilt) == ""


def test_a_load_test_without_a_request_reached_nobody() -> None:
    assert nobody_answered([]) == "no request could be made"


def test_what_the_requests_got_is_counted_and_harmless() -> None:
    errors = ["EOF"] * 3 + ["\x1b[2Kforged"] * 2
    told = nobody_answered([record(n, error=error) for n, error in enumerate(errors)])
    assert told == "EOF (3 of 5 requests); \\x1b[2Kforged (2 of 5 requests)"


def test_an_application_that_cuts_its_answers_off_is_judged() -> None:
    cut = replace(record(1, error="unexpected EOF"), cut=True)
    assert nobody_answered([record(0, error="unexpected EOF"), cut]) == ""
    assert not only_waited([record(0, error=WAITED[0]), cut])


@pytest.mark.parametrize("error", WAITED)
def test_waiting_alone_does_not_tell_who_was_there(error: str) -> None:
    assert only_waited([record(1, error=error), record(2, error="EOF")])
    assert not only_waited([record(1, error=error), record(2, status=503)])
    assert not only_waited([record(1, error=error), record(2, error='malformed HTTP response "x"')])
    assert not only_waited([record(1, error="EOF"), record(2, error="dial tcp 10.0.0.1:80: i/o timeout")])


def lost(url: str, failure: Failure) -> tuple[Probe, ...]:
    return tuple(Probe(url, protocol, failure=failure, detail=f"why {failure}") for protocol in Protocol)


@pytest.mark.parametrize("failure", Failure)
def test_the_hosts_are_out_of_reach_when_none_is_there(failure: Failure) -> None:
    told = nobody_reached([lost("https://a", failure)])
    assert told == (f"https://a: {failure}: why {failure}" if failure in UNREACHED else "")
    assert nobody_reached([lost("https://a", failure), good("https://b")]) == ""


def test_http2_that_nobody_serves_puts_a_host_out_of_reach() -> None:
    half = (good()[0], replace(lost("https://a.example.com", Failure.CLOSED)[1]))
    assert "HTTP/2 is offered and not served" in nobody_reached([half])


def test_many_hosts_out_of_reach_are_not_all_named() -> None:
    told = nobody_reached([lost(f"https://h{n}", Failure.TCP) for n in range(8)])
    assert told.count("https://") == 5
    assert told.endswith("; and 3 more")


Step = Callable[..., tuple[int, dict[str, Any], Path]]


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, findings: Any) -> Step:
    """Function (records of each load, probes of each time): the step with a made-up load generator and network.

    Returns exit code, report, and the folder of evidence, which also has the node's message in `message`.
    """

    def run(loads: Sequence[Sequence[Record]], hosts: Sequence[tuple[Probe, ...]]) -> tuple[int, dict[str, Any], Path]:
        answers, probes = iter(loads), iter(hosts)

        def load(*_: Any) -> vegeta.Outcome:
            return vegeta.Outcome(tuple(next(answers)), 1)

        message = tmp_path / "message"
        monkeypatch.setattr(log, "TERMINATION_LOG", message)
        monkeypatch.setattr(runner, "REACH_SECONDS", 0.0)
        monkeypatch.setattr(protocols, "probe", lambda *_, **__: next(probes))
        monkeypatch.setattr(vegeta, "find", lambda _: Path("load"))
        monkeypatch.setattr(vegeta, "version", lambda _: "load 1")
        monkeypatch.setattr(vegeta, "run", load)
        urls = tmp_path / "urls.json"
        urls.write_text(json.dumps({"urls": ["https://a.example.com"]}))
        settings: Settings = findings.settings
        one = replace(settings, thresholds={**settings.thresholds, "requests_per_host": 2}, paths=settings.paths[:1])
        code = runner.run(urls, tmp_path / "out", one)
        return code, json.loads((tmp_path / "out" / "report.json").read_text()), tmp_path / "out"

    return run


def said(out: Path) -> str:
    return (out.parent / "message").read_text()


def junit(out: Path) -> ElementTree.Element:
    suite = ElementTree.parse(out / "junit.xml").find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    return suite


EOF = (record(1, error="unexpected EOF"), record(2, error="unexpected EOF"))
BROKEN = (good()[0], Probe("https://a.example.com", Protocol.HTTP2, failure=Failure.CLOSED, detail="closed"))


def test_good_answers_pass(step: Step) -> None:
    code, report, out = step([[record(1, 200), record(2, 200)]], [good()])
    assert (code, report["result"], report["verdict"], report["reason"]) == (0, "passed", "passed", "")
    assert not (out.parent / "message").exists()


def test_bad_answers_are_the_pull_requests(step: Step) -> None:
    code, report, out = step([[record(1, 503), record(2, error="unexpected EOF")]], [good()])
    assert (code, report["result"], report["verdict"]) == (2, "failed", "failed")
    assert report["reason"] == "all requests: 0 of 2 requests succeeded (0), at least 0.95 must"
    assert said(out) == f"the pull request answered badly: {report['reason']}"
    assert junit(out).get("errors") == "0"


def test_nobody_there_before_the_load_is_not_judged(step: Step) -> None:
    code, report, out = step([], [BROKEN])
    assert (code, report["result"], report["verdict"]) == (1, "error", "could_not_run")
    assert report["reason"].startswith("nobody could be reached, so the pull request is not judged: ")
    assert "HTTP/2 is offered and not served" in report["reason"]
    assert report["reasons"] == [report["reason"]]
    assert said(out) == f"the test could not run: {report['reason']}"
    assert junit(out).get("errors") == "1"


def test_nobody_there_during_the_load_is_tried_again(step: Step) -> None:
    code, report, _ = step([EOF, [record(1, 200), record(2, 200)]], [good(), good()])
    assert (code, report["verdict"]) == (0, "passed")


def test_nobody_there_however_often_is_not_judged_and_its_requests_are_kept(step: Step) -> None:
    code, report, out = step([EOF] * runner.MOST_ATTEMPTS, [good()] * runner.MOST_ATTEMPTS)
    assert (code, report["result"], report["verdict"]) == (1, "error", "could_not_run")
    assert report["reason"].endswith(": unexpected EOF (2 of 2 requests)")
    assert (report["total_requests"], report["thresholds"]["passed"]) == (2, False)
    assert (junit(out).get("failures"), junit(out).get("errors")) == ("0", "1")
    assert len((out / "logs.txt").read_text().splitlines()) == 2


def test_where_connections_hang_the_hosts_are_asked_again(step: Step) -> None:
    hung = [record(n, error=WAITED[0]) for n in (1, 2)]
    silent = tuple(replace(probe, spoken="", status=None, failure=Failure.TCP) for probe in good())
    probes = [good(), silent] * runner.MOST_ATTEMPTS
    code, report, _ = step([hung] * runner.MOST_ATTEMPTS, probes)
    assert (code, report["verdict"]) == (1, "could_not_run")
    code, report, _ = step([hung], [good(), good()])
    assert (code, report["verdict"]) == (2, "failed")


def test_the_nodes_message_holds_nothing_that_is_evaluated(step: Step) -> None:
    evil = [record(n, error="x509: {{=sprig.env('PATH')}}") for n in (1, 2)]
    _, report, out = step([evil] * runner.MOST_ATTEMPTS, [good()] * runner.MOST_ATTEMPTS)
    assert "{{" in report["reason"]
    assert "{" not in said(out)


def test_the_figures_of_each_host_are_handed_on(step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPUTS", str(tmp_path / "outputs"))
    _, report, _ = step([[record(1, 200), record(2, 200)]], [good()])
    counted, (host, figures) = json.loads((tmp_path / "outputs" / "figures").read_text())
    assert counted == [2, 2, *(round(1000 * report[name]) for name in ("p50_ms", "p95_ms", "p99_ms"))]
    assert (host, figures) == ("a.example.com", f"2 of 2 successful, p95 {report['p95_ms']:.0f} ms")
