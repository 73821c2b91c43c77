"""What is scraped, and by whom it can be held up."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx2
import pytest

from implementation_dag.base import health, metrics
from implementation_dag.base.sweep import Stalled


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        found: int = free.getsockname()[1]
    metrics.serve({metrics.PORT: str(found)})
    yield found


def test_whoever_scrapes_gets_our_metrics_and_the_process_s(port: int) -> None:
    answer = httpx2.get(f"http://localhost:{port}/metrics", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE implementation_dag_last_look_age_seconds gauge" in answer.text
    assert "process_resident_memory_bytes" in answer.text
    assert "_created" not in answer.text


def test_without_a_port_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "ThreadingHTTPServer", None)
    metrics.serve({})


def test_a_connection_that_says_nothing_ends(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(metrics._Handler, "timeout", 0.1)
    with socket.create_connection(("localhost", port), timeout=5) as silent:
        assert silent.recv(1) == b""


class Looking:
    def __init__(self, kind: str, age: float | None) -> None:
        self.kind, self._age = kind, age

    async def forever(self) -> None: ...

    def health(self) -> dict[str, float]:
        if self._age is None:
            raise Stalled("no look")
        return {health.SINCE: self._age, "faults": 3}


def test_each_that_looks_says_how_old_its_look_is_and_one_that_stalled_that_it_never_ends() -> None:
    for each in (Looking("Looks", 1.5), Looking("Stalls", None)):
        health.tell(each)
    text = metrics.scraped().decode()
    try:
        assert 'implementation_dag_last_look_age_seconds{kind="Looks"} 1.5' in text
        assert 'implementation_dag_look_faults_total{kind="Looks"} 3.0' in text
        assert 'implementation_dag_last_look_age_seconds{kind="Stalls"} +Inf' in text
        assert 'look_faults_total{kind="Stalls"}' not in text
    finally:
        for kind in ("Looks", "Stalls"):
            del health.LOOKS.looking[kind]
