"""A step and a box talk over real HTTP: source in, log and results out, and nothing for whoever lacks the key."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from implementation_dag.agents import box, bundle, client
from implementation_dag.agents.bundle import BundleError, Reader
from implementation_dag.agents.client import Box, BoxLost
from implementation_dag.base import wait
from implementation_dag.base.errors import StepError

KEY = "the-key"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as found:
        free = int(found.server_address[1])
    monkeypatch.setattr(box, "PORT", free)
    return free


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The box's volume."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setattr(box, "WORK", folder)
    monkeypatch.setenv("BOX_KEY_SHA256", hashlib.sha256(KEY.encode()).hexdigest())
    return folder


def a_box(key: str = KEY) -> Box:
    return Box(client=None, namespace="n", name="x", key=key, status={"address": "127.0.0.1"})  # type: ignore[arg-type]


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], port: int) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@contextmanager
def handing_over(port: int) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=box.serve, args=(box._HandOver, ended.wait, port))
    thread.start()
    for _ in wait.rounds(10, 0.01):
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", trust_env=False)
            break
        except httpx2.TransportError:
            continue
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_the_source_comes_in_once_and_the_receiver_ends(port: int, work: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / ".git").mkdir(parents=True)
    (source / ".git" / "HEAD").write_text("ref: x")
    (source / "big").write_bytes(b"x" * 300_000)
    receiver = threading.Thread(target=box.receive)
    box._Receive.done = threading.Event()
    monkey = box.serve.__defaults__
    box.serve.__defaults__ = (port,)
    try:
        receiver.start()
        with pytest.raises(StepError, match="HTTP 403"):
            a_box("another-key").give(source)
        assert not (work / "src").exists()
        a_box().give(source)
        receiver.join(timeout=10)
        assert not receiver.is_alive()
    finally:
        box.serve.__defaults__ = monkey
    assert (work / "src" / "big").stat().st_size == 300_000
    assert (work / "src" / ".git" / "HEAD").read_text() == "ref: x"


def test_results_come_out_and_the_log_as_it_grows(
    port: int, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "src").mkdir()
    (work / "src" / "a").write_text("changed")
    (work / "evidence").mkdir()
    (work / "log").write_text("one\ntwo \x1b[31mred\nthr")
    held = a_box()
    with handing_over(port):
        held.print_log()
        with (work / "log").open("a") as log:
            log.write("ee\nfour")
        held.print_log()
        held.print_log(to_the_end=True)
        bundle.unpack(Reader(held.take("work")), tmp_path / "changed", repository=False)
        assert list(bundle.headers(Reader(held.take("evidence")))) == []
        with pytest.raises(StepError, match="HTTP 403"):
            list(a_box("another-key").take("work"))
    assert (tmp_path / "changed" / "a").read_text() == "changed"
    said = [line.split("s  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert said == ["agent: one", "agent: two \\x1b[31mred", "agent: three", "agent: four"]


def hostile(answer: Callable[[BaseHTTPRequestHandler], None]) -> type[BaseHTTPRequestHandler]:
    """A server that the agent itself put in the place of ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


def test_an_endless_answer_is_cut(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    with served(hostile(endless), port):
        held = a_box()
        held.print_log()
        assert held._printed == client.LOG_LIMIT
        with pytest.raises(BundleError, match="header of more than"):
            list(bundle.headers(Reader(held.take("work"))))
    assert "the rest is left out" in capsys.readouterr().out


def test_an_answer_that_drips_ends_by_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "EXCHANGE_SECONDS", 0.2)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            pass

    began = time.monotonic()
    with served(hostile(drip), port):
        with pytest.raises(StepError, match=r"took more than 0\.2 s"):
            list(a_box().take("work"))
        assert time.monotonic() - began < 3
        monkeypatch.setattr(client, "LOG_SECONDS", 0.2)
        a_box().print_log()
        assert time.monotonic() - began < 4


def test_whoever_answers_line_by_line_does_not_hold_the_step(port: int) -> None:
    asked = []

    def line(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x\n")

    with served(hostile(line), port):
        a_box().print_log()
        a_box().print_log(to_the_end=True)
    assert len(asked) == 2


def test_a_redirect_leads_nowhere(port: int) -> None:
    def away(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://169.254.169.254/")
        handler.end_headers()

    with served(hostile(away), port), pytest.raises(StepError, match="HTTP 302"):
        list(a_box().take("work"))


def test_a_box_that_went_away_can_be_replaced(port: int) -> None:
    with pytest.raises(BoxLost, match="went away"):
        list(a_box().take("work"))
