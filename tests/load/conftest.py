"""Real applications on this machine for the real vegeta to test, and the acceptance step run on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idag.toolchain import tool
from implementation_dag.acceptance import runner
from implementation_dag.acceptance.settings import from_environment
from tests import answering
from tests.answering import Answer, Request

serving = partial(answering.serving, protocol="HTTP/1.1")


def answer(code: int, body: bytes = b"", **headers: str) -> Answer:
    """An application that answers every request with `code`, `body` and `headers`."""

    def write(request: Request) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return write


def raw(sent: bytes) -> Answer:
    """An application that sends `sent` and closes the connection."""

    def write(request: Request) -> None:
        request.wfile.write(sent)
        request.close_connection = True

    return write


@dataclass(frozen=True)
class Result:
    """What one acceptance step left: exit code, printed text, evidence folder and its report."""

    code: int
    printed: str
    out: Path
    report: dict[str, Any]

    @property
    def log_lines(self) -> list[list[str]]:
        """The words of each line of logs.txt."""
        return [line.split() for line in (self.out / "logs.txt").read_text().splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The objects of requests.jsonl."""
        return [json.loads(line) for line in (self.out / "requests.jsonl").read_text().splitlines()]


Acceptance = Callable[..., Result]


@pytest.fixture
def acceptance(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Acceptance:
    """Function (*urls, config={}, **environment) that runs the acceptance step with the real vegeta."""
    monkeypatch.setattr(runner, "REACH_SECONDS", 0.0)

    def step(*urls: str, config: dict[str, Any] | None = None, **environment: str) -> Result:
        urls_file, out = tmp_path / "urls.json", tmp_path / "out"
        urls_file.write_text(json.dumps({"urls": list(urls), "ns": "impl-pr-7"}))
        env = {"VEGETA": str(tool("vegeta")), **environment}
        code = runner.run(urls_file, out, from_environment(env, config or {}))
        return Result(code, capfd.readouterr().out, out, json.loads((out / "report.json").read_text()))

    return step
