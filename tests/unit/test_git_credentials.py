"""A renewed git token is used by the next git command of a running step."""

from pathlib import Path

import pytest

from implementation_dag import git


def header() -> str:
    environment = git.environment()
    settings = [environment[f"GIT_CONFIG_VALUE_{index}"] for index in range(int(environment["GIT_CONFIG_COUNT"]))]
    return next((text for text in settings if text.startswith("Authorization:")), "")


def test_each_command_reads_the_mounted_token_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "CREDENTIALS", tmp_path)
    assert header() == ""
    (tmp_path / "username").write_text("x-access-token")
    (tmp_path / "password").write_text("first")
    first = header()
    (tmp_path / "password").write_text("second")
    assert first != header() != ""
