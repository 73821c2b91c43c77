"""What a step says is safe to print and reaches the Argo node."""

import contextvars
import io
import json
import logging
from datetime import datetime
from pathlib import Path

import pytest

from implementation_dag.base import log


def test_an_error_becomes_the_node_s_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log, "TERMINATION_LOG", tmp_path / "message")
    log.fail("parameter 'pr' is \x1b[31m'x'")
    assert (tmp_path / "message").read_text() == "parameter 'pr' is \\x1b[31m'x'"
    assert capsys.readouterr().err == "error: parameter 'pr' is \\x1b[31m'x'\n"


def test_direction_overrides_are_shown() -> None:
    assert log.clean("a\u202eb\tc\n") == "a\\x202eb\tc\n"


def test_bytes_that_are_no_utf_8_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "TERMINATION_LOG", tmp_path / "message")
    log.fail(b"branch caf\xe9".decode(errors="surrogateescape"))
    assert (tmp_path / "message").read_text() == "branch caf\\xdce9"


def test_lines_say_of_which_step_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with log.step("run-1", "provision"):
        log.say("two\nlines")
    log.say("one")
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "run-1/provision     0.0s  two"
    assert second == "run-1/provision     0.0s  lines"
    assert last.endswith("s  one") and not last.startswith("run")


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_lines_of_a_step_are_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    monkeypatch.setenv(log.FORMAT, form)
    for stage in ("provision", "keep-preview"):
        with log.step("run-1", stage):
            log.say(f"this is {stage}")
    (found,) = filter(None, (log.of_step(line, "run-1", "provision") for line in capsys.readouterr().out.splitlines()))
    assert "this is provision" in found and not found.startswith("run-1")


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"run": 1}', "run-1/provisional 1.0s  x"])
def test_other_lines_are_of_no_step(line: str) -> None:
    assert log.of_step(line, "run-1", "provision") is None


def test_as_json_each_line_says_what_it_is_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(log, "TERMINATION_LOG", tmp_path / "message")
    monkeypatch.setenv(log.FORMAT, log.JSON)

    def lines() -> None:
        log.know(run="run-1", stage="deploy", trace="")
        with log.about(repo="acme/shop", pr="7"):
            log.say("two\nlines \x1b[31m")
        log.fail("it is \N{SNOWMAN}")

    contextvars.Context().run(lines)
    told = capsys.readouterr()
    first, second = json.loads(told.out), json.loads(told.err)
    assert datetime.fromisoformat(first.pop("time")).tzinfo
    message = {"level": "info", "message": "two\nlines \\x1b[31m"}
    assert first == {**message, "run": "run-1", "stage": "deploy", "repo": "acme/shop", "pr": "7"}
    del second["time"]
    assert second == {"level": "error", "message": "it is \N{SNOWMAN}", "run": "run-1", "stage": "deploy"}
    assert (tmp_path / "message").read_text() == "it is \N{SNOWMAN}"


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_a_process_logs_is_written_alike(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv(log.FORMAT, form)
    handler = logging.StreamHandler(stream := io.StringIO())
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    log.settle()
    try:
        raise ValueError("of ours")
    except ValueError:
        logging.getLogger("preview").exception("a %s", "fault")
    if form == "text":
        assert stream.getvalue().startswith("a fault\nTraceback")
        return
    found = json.loads(stream.getvalue())
    assert (found["level"], found["logger"], found["message"]) == ("error", "preview", "a fault")
    assert found["fault"].endswith("ValueError: of ours")
