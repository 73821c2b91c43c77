"""What a step says is safe to print and reaches the Argo node."""

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


def test_lines_say_what_they_are_about(capsys: pytest.CaptureFixture[str]) -> None:
    with log.about("run-1/provision"):
        log.say("two\nlines")
    log.say("one")
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "run-1/provision     0.0s  two"
    assert second == "run-1/provision     0.0s  lines"
    assert last.endswith("s  one") and not last.startswith("run")
