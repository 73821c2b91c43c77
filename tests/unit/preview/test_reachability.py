"""reachability.py against real servers of this machine: each way not to answer is told by name."""

from __future__ import annotations

import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from implementation_dag.base.asking import Failure
from implementation_dag.preview.reachability import Outcome, trust_context, wait_until_reachable
from scripts.lab import ports
from tests.answering import Answer, Request, serving


def status(code: int, **headers: str) -> Answer:
    def answer(request: Request) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()

    return answer


def wait(url: str, timeout: float = 2, ca_file: Path | None = None) -> Outcome:
    (outcome,) = wait_until_reachable([url], "/healthz", timeout, trust_context(ca_file), interval=0.1)
    return outcome


def nonsense(request: Request) -> None:
    request.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def closing(_: Request) -> None:
    """Take the request and say nothing."""


def cut_off(request: Request) -> None:
    status(200, **{"Content-Length": "10"})(request)
    request.wfile.write(b"abc")


def silent(_: Request) -> None:
    # A minute: so long that no load of the machine can be taken for it.
    time.sleep(60)


def trickle(request: Request) -> None:
    for _ in range(600):
        request.wfile.write(b"H")
        request.wfile.flush()
        time.sleep(0.1)


def first_unavailable_then_silent() -> Answer:
    asked = []

    def answer(request: Request) -> None:
        asked.append(request.path)
        (status(503) if len(asked) == 1 else silent)(request)

    return answer


@dataclass(frozen=True)
class Waited:
    """URLs and outcomes by the name of what is wrong with them.

    Besides, the seconds that all took together, and what the redirect's target was asked.
    """

    urls: dict[str, str]
    outcomes: dict[str, Outcome]
    seconds: float
    redirected: list[str]

    def __getitem__(self, name: str) -> Outcome:
        return self.outcomes[name]


@pytest.fixture(scope="module")
def waited(pki: Path, tls: ssl.SSLContext) -> Waited:
    """One wait for many URLs: those that never answer well take its whole time."""
    redirected: list[str] = []

    def target(request: Request) -> None:
        redirected.append(request.path)
        status(200)(request)

    with ExitStack() as stack:

        def url(answer: Answer, tls: ssl.SSLContext | None = None) -> str:
            return f"http://127.0.0.1:{stack.enter_context(serving(answer, tls))}"

        def https(host: str, served: str) -> str:
            return f"https://{host}:{served.rpartition(':')[2]}"

        secure = url(status(200), tls)
        unknown = https("localhost", secure)
        urls = {
            **{f"status {code}": url(status(code)) for code in (404, 500, 503)},
            "good": url(status(200)),
            "redirect": url(status(302, Location=f"{url(target)}/")),
            "nonsense": url(nonsense),
            "closing": url(closing),
            "cut off": url(cut_off),
            "silent": url(silent),
            "trickle": url(trickle),
            "cut": url(first_unavailable_then_silent()),
            "refused": f"http://127.0.0.1:{ports.free()}",
            "no name": "https://no-such-name.invalid",
            "no tls": https("localhost", url(status(200))),
            "other name": https("127.0.0.1", secure),
        }
        start = time.monotonic()
        with ThreadPoolExecutor() as pool:
            plain = pool.submit(wait, unknown)
            outcomes = wait_until_reachable(
                list(urls.values()), "/healthz", 2, trust_context(pki / "ca.crt"), interval=0.1
            )
            outcomes.append(plain.result())
        seconds = time.monotonic() - start
    urls["unknown authority"] = unknown
    return Waited(urls, dict(zip(urls, outcomes, strict=True)), seconds, redirected)


def test_servers_that_do_not_answer_do_not_hold_the_wait_beyond_its_limit(waited: Waited) -> None:
    # Far above the limit: only a wait that does not end fails, not a busy machine.
    assert waited.seconds < 30
    assert waited["silent"].failure == Failure.TIMEOUT
    assert waited["trickle"].failure == Failure.TIMEOUT


def test_a_url_that_answers_is_reachable_at_once() -> None:
    paths = []

    def answer(request: Request) -> None:
        # Not request.path: http.server folds two leading slashes into one.
        paths.append(request.requestline.split()[1])
        status(204)(request)

    with serving(answer) as port:
        outcome = wait(f"http://localhost:{port}/", timeout=5)
    assert outcome.reachable
    assert (outcome.attempts, outcome.status, outcome.failure, outcome.detail) == (1, 204, None, "")
    assert outcome.seconds is not None
    assert outcome.seconds < 2
    assert paths == ["/healthz"]


def test_tls_is_verified_with_the_given_authority(pki: Path, tls: ssl.SSLContext, waited: Waited) -> None:
    with serving(status(200), tls) as port:
        assert wait(f"https://localhost:{port}", ca_file=pki / "ca.crt", timeout=5).reachable
    unknown, other_name = waited["unknown authority"], waited["other name"]
    assert unknown.failure == Failure.TLS
    assert "unable to get local issuer certificate" in unknown.detail
    assert other_name.failure == Failure.TLS
    assert "127.0.0.1" in other_name.detail


def test_the_systems_authorities_stay_trusted_beside_the_environments(
    pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = len(trust_context().get_ca_certs())
    monkeypatch.setenv("SSL_CERT_FILE", str(pki / "ca.crt"))
    assert system > 1
    assert len(trust_context(pki / "ca.crt").get_ca_certs()) == system + 1


def test_a_plain_server_where_tls_was_expected(waited: Waited) -> None:
    assert waited["no tls"].failure == Failure.TLS
    assert "handshake" in waited["no tls"].detail


def test_a_name_that_does_not_resolve(waited: Waited) -> None:
    outcome = waited["no name"]
    assert outcome.failure == Failure.DNS
    assert "does not resolve" in outcome.detail
    assert outcome.attempts >= 1


def test_a_refused_connection_is_tried_again_until_the_limit(waited: Waited) -> None:
    outcome = waited["refused"]
    assert outcome.failure == Failure.TCP
    assert "refused" in outcome.detail
    assert 2 <= outcome.attempts <= 21


def test_an_application_that_starts_late_is_waited_for() -> None:
    port = ports.free()
    with ExitStack() as stack:
        timer = threading.Timer(1, lambda: stack.enter_context(serving(status(200), port=port)))
        timer.start()
        outcome = wait(f"http://127.0.0.1:{port}", timeout=30)
        timer.join()
    assert outcome.reachable
    assert outcome.attempts > 1
    assert outcome.seconds


@pytest.mark.parametrize("code", [404, 500, 503])
def test_an_unexpected_status_is_named(waited: Waited, code: int) -> None:
    outcome = waited[f"status {code}"]
    assert outcome.failure == Failure.HTTP
    assert outcome.status == code
    assert f"status {code}" in outcome.detail


def test_redirects_are_not_followed(waited: Waited) -> None:
    outcome = waited["redirect"]
    assert outcome.status == 302
    assert "redirect to 'http://127.0.0.1:" in outcome.detail
    assert waited.redirected == []


def test_an_endless_body_is_read_to_its_limit_only() -> None:
    sent = []

    def endless(request: Request) -> None:
        status(200)(request)
        while True:
            request.wfile.write(b"x" * 65536)
            sent.append(65536)

    with serving(endless) as port:
        outcome = wait(f"http://127.0.0.1:{port}", timeout=5)
    assert outcome.reachable
    assert sum(sent) < 16 * 1024 * 1024  # what the kernel's buffers take, far from endless


def test_what_is_not_http_is_told(waited: Waited) -> None:
    assert waited["nonsense"].failure == Failure.HTTP
    assert "no valid HTTP answer" in waited["nonsense"].detail


def test_a_connection_that_closes_without_an_answer_is_told(waited: Waited) -> None:
    assert waited["closing"].failure == Failure.CLOSED
    assert "closed without an answer" in waited["closing"].detail


def test_a_body_that_is_cut_off_is_an_answer_that_is_bad(waited: Waited) -> None:
    assert (waited["cut off"].status, waited["cut off"].failure) == (200, Failure.HTTP)
    assert "its body was cut off" in waited["cut off"].detail


def test_nobody_there_is_told_from_a_bad_answer(waited: Waited) -> None:
    nobody = {name for name, outcome in waited.outcomes.items() if not outcome.answered}
    assert nobody == {"refused", "no name", "no tls", "other name", "unknown authority", "closing"}


def test_outcomes_come_in_the_order_of_the_urls(waited: Waited) -> None:
    assert {name: outcome.url for name, outcome in waited.outcomes.items()} == waited.urls
    assert [name for name, outcome in waited.outcomes.items() if outcome.reachable] == ["good"]


def test_a_last_attempt_that_the_limit_cuts_hides_no_earlier_reason(waited: Waited) -> None:
    assert waited["cut"].attempts > 1
    assert "status 503" in waited["cut"].detail
