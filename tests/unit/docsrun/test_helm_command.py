"""What is told of a helm that failed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from implementation_dag.docsrun.helm import command
from implementation_dag.docsrun.helm.command import last_words


def test_an_error_of_several_lines_is_told_whole() -> None:
    lines = ["Release does not exist.", "Error: values don't meet the schema:", "- at '/port': got string", ""]
    assert last_words(lines) == "Error: values don't meet the schema: - at '/port': got string"


def test_without_an_error_the_last_line_is_told() -> None:
    assert last_words(["one", "two"]) == "two"
    assert last_words([]) == "no output"


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program in helm's place."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def program(text: str) -> None:
        (tmp_path / "helm").write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "helm").chmod(0o755)

    return program


def test_words_of_a_chart_that_are_no_utf_8_are_told(helm: Callable[[str], None]) -> None:
    """More follows than a pipe holds: a reader that gave up would leave helm waiting for ever."""
    helm(r"printf '\351\n'; yes | head -c 200000; printf 'Error: caf\351\n' | tee /dev/stderr; exit 1")
    assert command.run(["upgrade"]) == (1, "Error: caf\ufffd")
    assert command.capture("status") == "helm status failed: Error: caf\ufffd\n"


def test_a_message_of_any_size_is_cut(helm: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    helm("printf 'Error: '; head -c 10000000 /dev/zero | tr '\\0' x; printf '\\nthe end\\n'; exit 1")
    code, words = command.run(["upgrade"])
    assert code == 1
    assert words.startswith("Error: xxx")
    assert words.endswith("x the end")
    assert len(capsys.readouterr().out) < 3 * command.LINE_LIMIT


def test_no_helm_goes_on_when_the_watcher_breaks(helm: Callable[[str], None], tmp_path: Path) -> None:
    helm(f"echo $$ > {tmp_path}/pid; exec sleep 60")

    def trouble() -> str | None:
        if (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text():
            raise KeyError("metadata")
        return None

    with pytest.raises(KeyError):
        command.run(["upgrade"], trouble)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
